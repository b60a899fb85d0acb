"""Servers started as children of this very process, for tests: started, waited for, frozen, killed and
started again on the same data. What a test gets hold of is a `Server`; the two kinds are in `postgres` and
`redis`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from embedded.errors import StartFailed

START_TIMEOUT = 120.0  # seconds; a start takes 0.1 s on a quiet machine and was seen to take 14 s under load
STOP_TIMEOUT = 60.0  # seconds


class Server:
    """One server process and its life. Subclasses say how it is started and when it is ready."""

    name = "server"
    stop_signal = signal.SIGTERM
    url: str

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen = False

    def __str__(self) -> str:
        return self.url

    @property
    def pid(self) -> int:
        """The pid of the server's main process; fails when it was not started."""
        if self._process is None:
            raise StartFailed(f"{self.name} is not running.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the main process is there (a frozen one is)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start on the same data and the same address, and return when it answers. Raises StartFailed."""
        raise NotImplementedError

    def pause(self) -> None:
        """Freeze the server and all its processes, as a machine that hangs does; `resume` undoes it."""
        self._frozen = True
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on. Does nothing where it is not frozen."""
        if self._frozen:
            self._signal_all(signal.SIGCONT)
        self._frozen = False

    def kill(self) -> None:
        """Kill the server and all its processes at once, and wait until they are gone."""
        if self._process is None:
            return
        family = self._family()
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        self._process.wait()
        psutil.wait_procs(family, timeout=STOP_TIMEOUT)
        self._process = None

    def stop(self) -> None:
        """Stop in an orderly way; kill what does not stop in time. Does nothing when it is not running."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def restart(self) -> None:
        """Stop in an orderly way and start again on the same data."""
        self.stop()
        self.start()

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self.pid)
            return [main, *descendants(main)]
        return []

    def _signal_all(self, number: signal.Signals) -> None:
        for member in self._family():
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(number)

    def _spawn(
        self, command: Sequence[str], environment: Mapping[str, str], options: Mapping[str, object]
    ) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal must reach the tests alone, which then stop the server
        # in order.
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
                **options,  # type: ignore[call-overload]
            )
        return self._process

    def _fail(self, why: str) -> StartFailed:
        self.kill()
        return StartFailed(f"{self.name} {why}. The end of its log ({self.log}):\n{tail(self.log)}")


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Its children, and theirs. Raises NoSuchProcess.

    The kernel knows them (proc_pid_task(5), children); psutil would look at every process of the machine.
    """
    try:
        tasks = list(Path(f"/proc/{process.pid}/task").iterdir())
        pids = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    except OSError:  # a kernel built without it, or a thread that has just ended
        return process.children(recursive=True)
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            child = psutil.Process(pid)
            found += [child, *descendants(child)]
    return found


def until_parent_ends(number: signal.Signals) -> list[str]:
    """Words before a command that make the kernel signal it when we end without having stopped it.

    Empty where setpriv(1) is missing, and outside the main thread: the kernel watches the *thread* that
    started the child (prctl(2), PR_SET_PDEATHSIG), and a server must not stop because a pool's thread did. To
    be put after unshare(1), which clears it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return []
    return [setpriv, "--pdeathsig", number.name.removeprefix("SIG"), "--"]


def bare_environment() -> dict[str, str]:
    """What a server needs of the environment: no secret, and no variable that changes how it behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, each indented; empty when there is none."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def pause_between_looks() -> None:
    """The short wait between two looks at a server that is starting."""
    time.sleep(0.02)
