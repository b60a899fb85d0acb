"""The Postgres and the Redis that tests start: real, closed to others, and the same again after a kill."""

import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis.asyncio as aioredis
from clusters import postgres_like

from embedded.errors import NoAccount, StartFailed
from embedded.identity import Identity, identity_for_postgres, namespace_prefix
from embedded.ports import free_port, held_port
from embedded.postgres import PostgresServer, running_postgres
from embedded.redis import running_redis

TABLE = "CREATE TABLE IF NOT EXISTS kept (number int)"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        yield connection
    finally:
        await connection.close()


def sockets_of(server: PostgresServer) -> Path:
    return Path(server.url.partition("host=")[2].partition("&")[0])


def exists(path: Path) -> bool:
    return path.exists()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def write(server: PostgresServer, number: int) -> None:
    async with connected(server.url) as connection:
        await connection.execute(TABLE)
        await connection.execute("INSERT INTO kept VALUES ($1)", number)


async def numbers(server: PostgresServer) -> list[int]:
    async with connected(server.url) as connection:
        return [row["number"] for row in await connection.fetch("SELECT number FROM kept ORDER BY 1")]


@pytest.fixture(scope="module")
def server(postgres_home: Path) -> Iterator[PostgresServer]:
    """One with a setting of its own, for the tests that leave it as it was."""
    with postgres_like(postgres_home, {"max_connections": "17"}) as server:
        yield server


async def test_a_commit_survives_a_kill_and_a_restart(server: PostgresServer) -> None:
    await write(server, 1)
    first = server.pid
    server.kill()
    assert not server.running
    server.start()
    assert server.pid != first
    await write(server, 2)
    server.restart()
    assert await numbers(server) == [1, 2]


async def test_data_in_a_named_home_is_there_the_next_time(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30)
    with running_postgres(home) as server:
        await write(server, 7)
    with running_postgres(home) as server:
        assert await numbers(server) == [7]


async def test_no_process_and_no_folder_is_left() -> None:
    with running_postgres() as server:
        sockets = sockets_of(server)
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        assert len(family) > 3
    assert not exists(sockets)
    assert not any(process.is_running() for process in family)


async def test_a_paused_server_answers_again_when_resumed(server: PostgresServer) -> None:
    server.pause()
    with pytest.raises(TimeoutError):
        await asyncpg.connect(server.url, timeout=0.2)
    server.resume()
    await write(server, 1)


async def test_postgres_wants_a_password_and_listens_on_no_tcp_port(server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.url, password="wrong")
    listening = [
        connection
        for connection in psutil.Process(server.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == []
    assert mode(sockets_of(server)) == 0o700


async def test_settings_reach_the_server(server: PostgresServer) -> None:
    async with connected(server.url) as connection:
        assert await connection.fetchval("SHOW max_connections") == "17"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_a_server_that_can_not_start_says_what_its_log_says(postgres_home: Path) -> None:
    with pytest.raises(StartFailed, match="no_such_setting"), postgres_like(postgres_home, {"no_such_setting": "1"}):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another account")
async def test_root_drops_to_an_account_where_namespaces_are_forbidden() -> None:
    try:
        identity = identity_for_postgres(namespaces=False)
    except NoAccount:
        pytest.skip("this machine has no account to drop to")
    with running_postgres(identity=identity) as server:
        assert psutil.Process(server.pid).username() == identity.account
        await write(server, 1)
        server.kill()
        server.start()
        assert await numbers(server) == [1]


async def test_the_account_gets_a_copy_of_programs_it_can_not_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can drop to another account")
    monkeypatch.setattr("embedded.postgres._works", lambda identity, candidate: False)
    with running_postgres(identity=identity_for_postgres(namespaces=False)) as server:
        program = Path(psutil.Process(server.pid).exe())
        assert "programs-18" in program.parts
        await write(server, 1)


async def test_a_user_namespace_leaves_the_files_ours() -> None:
    prefix = namespace_prefix()
    if prefix is None:
        pytest.skip("this machine forbids user namespaces")
    with running_postgres(identity=Identity(prefix=prefix)) as server:
        await write(server, 1)
        assert server.data.stat().st_uid == os.geteuid()


async def test_redis_wants_its_password_and_listens_on_loopback_alone() -> None:
    with running_redis() as server:
        async with aioredis.Redis.from_url(server.url) as client:
            assert await client.ping()
            assert await client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        async with aioredis.Redis(port=server.port) as stranger:
            with pytest.raises(aioredis.AuthenticationError):
                await stranger.ping()
        addresses = {connection.laddr.ip for connection in psutil.Process(server.pid).net_connections("inet")}
        assert addresses == {"127.0.0.1"}


async def test_redis_is_empty_and_at_the_same_address_after_a_kill() -> None:
    with running_redis() as server:
        url = server.url
        async with aioredis.Redis.from_url(url) as client:
            await client.set("gone", 1)
        server.kill()
        server.start()
        assert server.url == url
        async with aioredis.Redis.from_url(url) as client:
            assert await client.get("gone") is None
        pid = server.pid
    assert not psutil.pid_exists(pid)


def test_two_that_start_at_once_hold_ports_of_their_own_which_their_servers_can_take() -> None:
    preferred = free_port()
    with held_port(preferred) as first, held_port(preferred) as second:
        assert first == preferred != second
        for port in (first, second):
            with socket.create_server(("127.0.0.1", port)):  # it says SO_REUSEADDR, as Redis does
                pass


def test_redis_moves_when_its_port_was_taken_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        answers = iter([taken])
        monkeypatch.setattr("embedded.redis.free_port", lambda: next(answers, None) or free_port())
        with running_redis() as server:
            assert server.port != taken
