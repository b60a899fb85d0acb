"""How sessions end, and that nothing of them, or of the server, is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sandbox_server import IDENTIFIER, Server, Session, ask_for_live_output, running
from services import REPOSITORY

from sandbox.sessions import supervisor as supervising
from sandbox.sessions.birthplace import make_session
from sandbox.sessions.session import Session as LiveSession
from sandbox.sessions.supervisor import Supervisor
from sandbox.sessions.zygote_process import ZygoteProcess
from sandbox.settings import Settings
from sandbox.wire.errors import InternalServerException

ServerMaker = Callable[..., Server]


def wait_until_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive


def busy_session(server: Server) -> Session:
    session = Session.start(server.client())
    session.call("startCommandExecution", command="setsid sleep 1000")
    return session


def busy_run(server: Server) -> Iterator[dict[str, Any]]:
    """The further events of a run without end, which would never look at its descriptors."""
    client = server.client()
    ask_for_live_output(client)
    stream = iter(Session.start(client).invoke("executeCode", code="print('busy')\nwhile True: pass"))
    next(stream)
    return stream


def test_sigterm_ends_a_run_with_its_last_event_and_leaves_no_process_and_no_cgroup(new_process: ServerMaker) -> None:
    server = new_process(SANDBOX_WARM_SESSIONS="1")
    busy_session(server)
    stream = busy_run(server)
    processes = server.descendants()
    assert len(processes) >= 6  # the zygote, two sessions' inits and runners, a daemon
    server.process.send_signal(signal.SIGTERM)
    *_, last = list(stream)
    assert last["result"]["structuredContent"]["exitCode"] == 137
    assert server.process.wait(20) == 0
    assert not any(process.is_running() for process in processes)
    assert server.groups() == []


FIND_GROUPS = """
from pathlib import Path
from sandbox.confinement.cgroups import Cgroups
found = Cgroups.find(Path("/sys/fs/cgroup"))
if found is not None:
    found.close()
"""


def test_sigkill_of_the_server_takes_everything_with_it(new_process: ServerMaker) -> None:
    server = new_process(SANDBOX_WARM_SESSIONS="1")
    busy_session(server)
    _stream = busy_run(server)  # only the kernel can tell it that the server is gone
    processes = server.descendants()
    server.process.kill()
    server.process.wait()
    wait_until_gone(processes)
    # Groups can't remove themselves: the next server does it, when it looks for a place for its own.
    subprocess.run([sys.executable, "-c", FIND_GROUPS], cwd=REPOSITORY, check=True)
    assert server.groups() == []


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """A server with room for two sessions, for the tests of this module that leave it whole."""
    with running(SANDBOX_MAX_SESSIONS="2") as server:
        yield server


def test_a_lost_zygote_ends_its_sessions_and_is_replaced(small: Server) -> None:
    server = small
    session = busy_session(server)
    processes = server.descendants()
    psutil.Process(server.process.pid).children()[0].kill()
    wait_until_gone(processes[1:])
    with pytest.raises(session.client.exceptions.ResourceNotFoundException):
        session.run("1")
    replaced = Session.start(server.client())
    assert replaced.out("1") == "1"
    replaced.stop()


async def test_a_session_whose_zygote_was_lost_while_it_was_made_is_given_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor = Supervisor(Settings(preload=False, warm_sessions=0, max_sessions=1))
    made: list[LiveSession] = []

    async def make_and_lose(*arguments: Any) -> LiveSession:
        made.append(await make_session(*arguments))
        next(argument for argument in arguments if isinstance(argument, ZygoteProcess)).close()
        return made[0]

    await supervisor.start()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(supervising, "make_session", make_and_lose)
            # A session is alive for a moment longer than its zygote: hold it there, for the order not to be chance.
            patch.setattr(LiveSession, "has_died", property(lambda _: False))
            with pytest.raises(InternalServerException, match="zygote has ended"):
                await supervisor.start_session(IDENTIFIER, None, 60, None)
        assert supervisor.alive == 0
        record = await supervisor.start_session(IDENTIFIER, None, 60, None)
        assert made[0].over.is_set()  # before its place was given to another
        await supervisor.stop_session(IDENTIFIER, record.session_id)
    finally:
        await supervisor.close()


def test_a_session_ends_at_its_lifetime_even_in_a_run(small: Server) -> None:
    session = Session.start(small.client(), sessionTimeoutSeconds=1)
    outcome = session.run("import time; time.sleep(1000)")
    assert (outcome.limit, outcome.exit_code) == ("session-ended", 137)
    assert session.status() == "TERMINATED"


def test_an_idle_session_ends(new_server: ServerMaker) -> None:
    server = new_server(SANDBOX_SESSION_IDLE_SECONDS="1")
    Session.start(server.client())
    processes = psutil.Process(server.process.pid).children()[0].children(recursive=True)
    wait_until_gone(processes)


def test_more_sessions_than_allowed_is_a_quota_error_until_one_ends(small: Server) -> None:
    client = small.client()
    first, second = Session.start(client), Session.start(client)
    with pytest.raises(client.exceptions.ServiceQuotaExceededException) as refusal:
        Session.start(client)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402
    first.stop()
    third = Session.start(client)
    assert third.out("1") == "1"
    for session in (second, third):
        session.stop()


def test_a_machine_that_can_not_confine_refuses_and_says_why() -> None:
    server = Server.start(SANDBOX_PYTHON="/nowhere/python")
    try:
        health = server.health()
        assert (health["status"], health["tier"]) == ("refusing", None)
        assert "/nowhere/python" in health["reason"] and "SANDBOX_PYTHON" in health["remedy"]
        client = server.client()
        with pytest.raises(client.exceptions.AccessDeniedException, match="No code is run here"):
            Session.start(client)
    finally:
        server.stop()


def test_without_credentials_it_does_not_start() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "sandbox"],
        env={"PATH": os.environ["PATH"]},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 2
    assert "SANDBOX_ACCESS_KEY_ID" in finished.stderr and "Traceback" not in finished.stderr


def test_an_open_credentials_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text('{"access_key_id": "a", "secret_access_key": "b"}')
    file.chmod(0o644)
    environment = {"PATH": os.environ["PATH"], "SANDBOX_CREDENTIALS_FILE": str(file)}
    finished = subprocess.run(
        [sys.executable, "-m", "sandbox"], env=environment, cwd=REPOSITORY, capture_output=True, text=True
    )
    assert finished.returncode == 2 and "chmod 600" in finished.stderr


def test_it_starts_with_an_almost_empty_environment_and_a_credentials_file(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text('{"access_key_id": "AKIDTESTS", "secret_access_key": "a secret for tests"}')
    file.chmod(0o600)
    server = Server.start(SANDBOX_ACCESS_KEY_ID="", SANDBOX_SECRET_ACCESS_KEY="", SANDBOX_CREDENTIALS_FILE=str(file))
    try:
        assert Session.start(server.client()).out("1") == "1"
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(20)
