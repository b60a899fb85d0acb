"""The launcher with a small Procfile of stand-ins: what it prints, that it brings the dead back, and that
nothing is left however it ends. Each run is a real one, in a terminal of its own, with a real supervisord,
Postgres and Redis.
"""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from embedded import leftovers, postgres
from embedded.identity import identity_for_postgres
from embedded.keys import load_or_draw
from embedded.places import Places
from embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
STAND_INS = Path(__file__).with_name("stand_ins.py")
PATIENCE = 60.0  # seconds until a test gives up; nothing waits for it to pass


class Run:
    """One launcher in a pseudo-terminal, and all that it printed so far."""

    def __init__(self, folder: Path, procfile: str, arguments: list[str], environment: dict[str, str]) -> None:
        (folder / "Procfile").write_text(procfile.replace("stand-in", f"python {STAND_INS}"))
        self.home = Path(environment.get("ACI_HOME", folder / "var"))
        self.port = free_port()
        self.printed = ""
        self._terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "embedded", "--procfile", str(folder / "Procfile"), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={
                **os.environ,
                **environment,
                "ACI_HOME": str(self.home),
                "ACI_PORT": str(self.port),
                "NO_COLOR": "1",
            },
            start_new_session=True,
            # The terminal becomes the session's own, so that ^C and a hang-up reach the launcher as from a
            # real one.
            preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
        )
        os.close(theirs)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read on until what was printed matches."""
        give_up_at = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.printed)) is None:
            if not self._read(give_up_at):
                pytest.fail(f"it never printed {pattern!r}, but:\n{self.printed}")
        return found

    def wait_for_end(self) -> int:
        """Read to the end, and return the exit status."""
        give_up_at = time.monotonic() + PATIENCE
        while self._terminal >= 0 and self._read(give_up_at):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, give_up_at: float) -> bool:
        left = give_up_at - time.monotonic()
        if left <= 0 or not select.select([self._terminal], [], [], left)[0]:
            return False
        try:
            more = os.read(self._terminal, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.printed += more.decode().replace("\r\n", "\n")
        return bool(more)

    def press(self, key: bytes) -> None:
        """Type into the terminal."""
        os.write(self._terminal, key)

    def close_terminal(self) -> None:
        """Close the window."""
        os.close(self._terminal)
        self._terminal = -1

    def pid_of(self, name: str) -> int:
        """The pid that the launcher recorded for a program."""
        records = json.loads((self.home / "run" / "processes.json").read_text())
        return next(int(record["pid"]) for record in records if record["name"] == name)

    def family(self) -> list[psutil.Process]:
        """The launcher and everything below it."""
        launcher = psutil.Process(self.process.pid)
        return [launcher, *launcher.children(recursive=True)]

    def dispose(self) -> None:
        """Kill what a failed test left, so that it disturbs no other."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(30)
        self.process.kill()
        self.process.wait()
        sockets = self.home / "run" / "sockets"
        if sockets.is_symlink():
            shutil.rmtree(sockets.readlink(), ignore_errors=True)
        leftovers.kill_now(leftovers.Register(self.home / "run" / "processes.json").load())
        if self._terminal >= 0:
            self.close_terminal()


Start = Callable[..., Run]

PROCFILE = "api: stand-in api\nworker-execute: stand-in sleeps\nsandbox: stand-in shows-environment\n"
RUNNING = "Ctrl-C stops everything"
CTRL_C = b"\x03"
ELSEWHERE = {"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h/0"}
"""For what is the same with servers of somebody else: nobody connects to these."""


@pytest.fixture(scope="session")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database and keys were made by an earlier start."""
    places = Places(tmp_path_factory.mktemp("used") / "var")
    places.prepare()
    identity = identity_for_postgres()
    programs = postgres.usable_programs(identity, places.postgres)
    password = load_or_draw(places.secrets).postgres_password
    postgres.create_data(places.postgres / "data", password, identity, programs, sync=False)
    return places.home


@pytest.fixture
def start(tmp_path: Path, used_home: Path) -> Iterator[Start]:
    """Starts runs; in a used home, unless it is to be `new` or the environment names another home or database."""
    runs: list[Run] = []

    def start(procfile: str = PROCFILE, *arguments: str, new: bool = False, **environment: str) -> Run:
        if not (new or runs or "DATABASE_URL" in environment):
            subprocess.run(["cp", "-a", used_home, environment.get("ACI_HOME", tmp_path / "var")], check=True)
        runs.append(Run(tmp_path, procfile, ["--before", "", *arguments], environment))
        return runs[-1]

    yield start
    for run in runs:
        run.dispose()


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end, waiting for those that are at it."""
    return not psutil.wait_procs(processes, timeout=PATIENCE)[1]


def test_a_first_start_prints_address_model_and_sandbox_and_ctrl_c_leaves_no_process_and_keeps_the_data(
    start: Start,
) -> None:
    run = start(new=True)
    run.wait_for(RUNNING)
    assert f"http://127.0.0.1:{run.port}" in run.printed
    assert "Model:   demo model" in run.printed
    assert "Sandbox: tier A" in run.printed
    family = run.family()
    assert len(family) > 8  # launcher, supervisord, three stand-ins, redis, postgres and its own
    run.press(CTRL_C)
    assert run.wait_for_end() == 0
    assert not any(process.is_running() for process in family)
    assert "The data stays in" in run.printed
    assert (run.home / "postgres" / "data" / "PG_VERSION").exists()
    assert not (run.home / "run" / "processes.json").exists()
    assert list((run.home / "run").glob("aci-*")) == []


@pytest.mark.parametrize("moment", ["Making the database", "done in", "before runs"])
def test_ctrl_c_during_the_start_leaves_no_process(start: Start, tmp_path: Path, moment: str) -> None:
    mark = tmp_path / "before-runs"
    run = start(PROCFILE, "--before", f"sh -c 'touch {mark}; exec sleep 1000'", new=moment != "before runs")
    if moment == "before runs":
        wait_until(mark.exists)
    else:
        run.wait_for(moment)
    family = run.family()
    run.press(CTRL_C)
    run.wait_for_end()
    assert gone(family)
    assert list((run.home / "postgres").glob("data.new.*")) == []


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def test_who_is_killed_is_said_and_started_again_postgres_on_its_data_and_sigterm_leaves_no_process(
    start: Start,
) -> None:
    run = start()
    run.wait_for(RUNNING)
    supervised = run.home / "logs" / "supervisord.log"
    for name in ("worker-execute", "postgres"):
        wait_until(lambda name=name: f"{name} entered RUNNING" in supervised.read_text())
        killed = run.pid_of(name)
        os.kill(killed, signal.SIGKILL)
        run.wait_for(rf"{name} died \(killed by SIGKILL\); started again\.")
        assert psutil.pid_exists(run.pid_of(name))
        assert run.pid_of(name) != killed
    state = run.home / "postgres" / "data" / "postmaster.pid"
    wait_until(lambda: state.exists() and "ready" in state.read_text().splitlines()[-1])
    family = run.family()
    run.process.send_signal(signal.SIGTERM)
    assert run.wait_for_end() == 0
    assert not any(process.is_running() for process in family)


def test_one_that_keeps_dying_shows_the_end_of_its_log(start: Start) -> None:
    run = start("api: stand-in api\nplugin: stand-in dies\n", **ELSEWHERE)
    run.wait_for(r"plugin died again \(exit status 3\) right after its start\. The end of its log:\n +no luck today")


def test_the_sandbox_sees_no_secret_and_the_workers_do_and_a_hang_up_leaves_no_process(start: Start) -> None:
    procfile = PROCFILE + "worker-generate: stand-in shows-environment\n"
    run = start(procfile, AWS_SECRET_ACCESS_KEY="a%b;s3cret", ACI_ANYTHING="x")
    run.wait_for(RUNNING)
    logs = run.home / "logs"
    wait_until(
        lambda: all((logs / f"{name}.log").read_text().endswith("}\n") for name in ("sandbox", "worker-generate"))
    )
    sandbox = json.loads((logs / "sandbox.log").read_text())
    worker = json.loads((logs / "worker-generate.log").read_text())
    assert not {name for name in sandbox if name.startswith(("ACI_", "AWS_")) or name.endswith("_URL")}
    assert sandbox["SANDBOX_CREDENTIALS_FILE"] == worker["ACI_SANDBOX_CREDENTIALS_FILE"]
    assert worker["AWS_SECRET_ACCESS_KEY"] == "a%b;s3cret"
    assert worker["ACI_SANDBOX_ENDPOINT"] == f"http://127.0.0.1:{sandbox['SANDBOX_PORT']}"
    assert worker["DATABASE_URL"].startswith("postgresql://")
    assert worker["REDIS_URL"].startswith("redis://:")
    environ = Path(f"/proc/{run.pid_of('sandbox')}/environ")
    if environ.exists():
        assert b"s3cret" not in environ.read_bytes()
    family = run.family()
    run.process.send_signal(signal.SIGHUP)
    assert run.wait_for_end() == 0
    assert not any(process.is_running() for process in family)


def test_a_failing_migration_stops_the_start_and_says_why(start: Start) -> None:
    run = start(PROCFILE, "--before", "sh -c 'echo the schema is odd; exit 7'", **ELSEWHERE)
    assert run.wait_for_end() == 1
    assert "failed (exit status 7), so nothing else was started" in run.printed
    assert "the schema is odd" in run.printed
    assert "Traceback" not in run.printed
    assert not (run.home / "logs" / "api.log").exists()


def test_a_second_start_in_the_same_home_is_refused_and_a_closed_terminal_leaves_no_process(start: Start) -> None:
    run = start()
    run.wait_for(RUNNING)
    second = start()
    assert second.wait_for_end() == 1
    assert f"already running at http://127.0.0.1:{run.port}" in second.printed
    assert "Traceback" not in second.printed
    assert run.process.poll() is None
    family = run.family()
    run.close_terminal()
    run.wait_for_end()
    assert gone(family)


def test_a_launcher_that_is_killed_in_a_very_deep_home_takes_everything_with_it(start: Start, tmp_path: Path) -> None:
    run = start(PROCFILE, ACI_HOME=str(tmp_path / ("deep" * 40)))
    run.wait_for(RUNNING)
    family = run.family()
    run.process.kill()
    run.wait_for_end()
    assert gone(family)


def test_a_killed_supervisor_ends_the_run_and_leaves_no_process(start: Start) -> None:
    run = start()
    run.wait_for(RUNNING)
    family = run.family()
    os.kill(run.pid_of("supervisor"), signal.SIGKILL)
    assert run.wait_for_end() == 1
    assert "The supervisor died (killed by SIGKILL)" in run.printed
    assert gone(family)


def test_the_next_start_ends_what_a_killed_one_left(start: Start) -> None:
    run = start()
    run.wait_for(RUNNING)
    # Both at once: frozen first, neither can see to the end of the other's children.
    launcher, supervisor = run.process.pid, run.pid_of("supervisor")
    family = run.family()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        os.kill(supervisor, number)
        os.kill(launcher, number)
    run.wait_for_end()
    sockets = (run.home / "run" / "sockets").readlink()
    left = [process for process in family if process.pid not in (launcher, supervisor)]
    assert all(process.is_running() for process in left)
    following = start()
    following.wait_for("Ending what an earlier run, which was killed, left behind")
    following.wait_for(RUNNING)
    assert gone(left)
    assert not sockets.exists()
    following.press(CTRL_C)
    assert following.wait_for_end() == 0


def test_a_second_ctrl_c_does_not_wait(start: Start) -> None:
    stubborn = "worker-a: sh -c 'trap \"\" TERM INT; echo deaf; while :; do sleep 1; done'\n"
    run = start(PROCFILE + stubborn)
    run.wait_for(RUNNING)
    wait_until(lambda: "deaf" in (run.home / "logs" / "worker-a.log").read_text())
    family = run.family()
    run.press(CTRL_C)
    run.wait_for("Stopping")
    run.press(CTRL_C)
    run.wait_for_end()
    assert "Killing what is left" in run.printed
    assert gone(family)


def test_a_given_postgres_and_redis_are_used_instead_and_verbose_shows_the_logs_behind_the_names(start: Start) -> None:
    run = start("api: stand-in api\nworker-a: stand-in shows-environment\n", "--verbose", **ELSEWHERE)
    run.wait_for(RUNNING)
    run.wait_for(r'(?m)^worker-a \| \{"')
    assert "Using the Postgres that DATABASE_URL names." in run.printed
    assert not (run.home / "postgres" / "data").exists()
    assert not (run.home / "logs" / "redis.log").exists()
