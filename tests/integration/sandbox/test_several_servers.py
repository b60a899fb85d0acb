"""A worker with several sandbox servers: any of them serves, each session is found again on its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sandbox_server import KEY, SECRET, Server, running

from core.settings import Settings
from workers.executor.agentcore import CodeInterpreters, Interpreter, SandboxFull, SandboxGone, SandboxUnreachable

NewServer = Callable[..., Server]


@pytest.fixture
def worker(tmp_path: Path) -> Callable[..., CodeInterpreters]:
    """A worker that knows these servers."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"access_key_id": KEY, "secret_access_key": SECRET}))

    def make(*urls: str) -> CodeInterpreters:
        return CodeInterpreters(
            Settings(DATABASE_URL="x", sandbox_endpoint=",".join(urls), sandbox_credentials_file=key)  # type: ignore[call-arg]
        )

    return make


def token() -> str:
    return secrets.token_hex(20)


def printed(interpreter: Interpreter, code: str) -> str:
    return "".join(frame.stdout for frame in interpreter.execute(code).frames())


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    """Two servers; the last test loses one."""
    with running(SANDBOX_WARM_SESSIONS="0") as first, running(SANDBOX_WARM_SESSIONS="0") as second:
        yield [first, second]


async def test_a_session_is_found_again_on_its_own_server(
    servers: list[Server], worker: Callable[..., CodeInterpreters]
) -> None:
    urls = [server.url for server in servers]
    interpreters = worker(*urls)
    assert (await interpreters.describe())["status"] == "ok"
    started = [await interpreters.start(600, f"job-{number}", token()) for number in range(12)]
    # Both take part (else a coin fell the same way twelve times).
    assert {interpreter.id.partition("@")[2] for interpreter in started} == set(urls)
    for number, interpreter in enumerate(started):
        printed(interpreter, f"x = {number}")
    other_worker = worker(*reversed(urls))
    for number, interpreter in enumerate(started):
        found = other_worker.attach(interpreter.id)
        assert printed(found, "x") == f"{number}\n"
        found.stop()


async def test_a_full_server_passes_the_next_session_on(
    new_server: NewServer, worker: Callable[..., CodeInterpreters]
) -> None:
    servers = [new_server(SANDBOX_MAX_SESSIONS="1"), new_server(SANDBOX_MAX_SESSIONS="2")]
    interpreters = worker(*(server.url for server in servers))
    for _ in range(3):
        await interpreters.start(600, "job", token())
    assert [server.health()["sessions"] for server in servers] == [1, 2]
    with pytest.raises(SandboxFull):
        await interpreters.start(600, "job", token())


async def test_a_lost_server_loses_its_own_sessions_and_new_ones_start_elsewhere(
    servers: list[Server], worker: Callable[..., CodeInterpreters]
) -> None:
    kept, lost = servers
    interpreters = worker(kept.url, lost.url)
    started = [await interpreters.start(600, "job", token()) for _ in range(12)]
    lost.process.kill()
    lost.process.wait()
    for interpreter in started:
        if interpreter.id.endswith(lost.url):
            with pytest.raises(SandboxUnreachable):
                interpreters.attach(interpreter.id).touch()
        else:
            interpreters.attach(interpreter.id).touch()
    assert all([(await interpreters.start(600, "job", token())).id.endswith(kept.url) for _ in range(6)])
    said = await interpreters.describe()
    assert said["status"] == "ok" and said["detail"].startswith("1 of 2 servers are well")
    # A server that is no longer named counts as lost too.
    with pytest.raises(SandboxGone):
        worker(kept.url).attach(f"ABC@{lost.url}").touch()
    with pytest.raises(SandboxGone):
        worker(kept.url).attach(f"ABC@{lost.url}").stop()
