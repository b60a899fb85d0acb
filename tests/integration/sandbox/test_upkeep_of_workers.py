"""Against a real sandbox server: what a worker that died has left behind is found again and stopped."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from job_life import Life
from sandbox_server import KEY, SECRET, Server, running

from core.sessions import started
from core.sessions.started import Started
from core.settings import Settings
from workers.executor.agentcore import CodeInterpreters, Interpreter, SandboxGone
from workers.executor.stopping import look_after


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a worker that knows these servers."""
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"access_key_id": KEY, "secret_access_key": SECRET}))

    def make(*servers: Server) -> Settings:
        urls = ",".join(server.url for server in servers)
        return Settings(DATABASE_URL="x", sandbox_endpoint=urls, sandbox_credentials_file=key)  # type: ignore[call-arg]

    return make


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    """Two servers for the tests of this module, which leave no session in them."""
    settings = {"SANDBOX_MAX_SESSIONS": "3", "SANDBOX_WARM_SESSIONS": "0"}
    with running(**settings) as first, running(**settings) as second:
        yield [first, second]


def gone(interpreter: Interpreter) -> bool:
    try:
        interpreter.touch()
    except SandboxGone:
        return True
    return False


async def test_a_start_that_nobody_noted_leaks_nothing(
    life: Life, servers: list[Server], settings_of: Callable[..., Settings]
) -> None:
    """The worker died between the start and the note of it. Of several servers any may have it."""
    settings = settings_of(*servers)
    interpreters = CodeInterpreters(settings)
    claim = await life.running()
    leaked = []
    for _ in range(3):
        one = Started(f"{claim.id.hex}-{secrets.token_hex(4)}", "job", 600)
        await started.begin(life.pool, claim.held, one)
        leaked.append(await interpreters.start(one.lifetime_s, one.name, one.token))
    kept = await interpreters.start(600, "another's", secrets.token_hex(20))
    assert await look_after(life.pool, interpreters, settings) == 0  # its attempt may still be at it
    await life.break_off(claim)
    assert await look_after(life.pool, interpreters, settings) == 3
    assert all(gone(interpreter) for interpreter in leaked)
    assert not gone(kept)
    assert sum(server.health()["sessions"] for server in servers) == 1
    assert await look_after(life.pool, interpreters, settings) == 0
    kept.stop()


async def test_the_same_token_gives_the_same_session(
    servers: list[Server], settings_of: Callable[..., Settings]
) -> None:
    server = servers[0]
    interpreters, token = CodeInterpreters(settings_of(server)), secrets.token_hex(20)
    first = await interpreters.start(600, "job", token)
    assert (await interpreters.start(600, "job", token)).id == first.id
    assert server.health()["sessions"] == 1
    first.stop()
