"""Services that ask who is there, on one database for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from houses import House, OpenHouse

import core.database.pool as pools
from api.app import create_app
from core.access import tokens
from core.access.tokens import Kind
from core.settings import Settings
from embedded.redis import RedisServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def open_house(
    database: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OpenHouse]:
    """Starts an API on the module's database, with further settings."""
    opened: list[Any] = []

    async def start(**settings: Any) -> House:
        key = tokens.draw(Kind.KEY)
        file = tmp_path_factory.mktemp("key") / "admin"
        file.write_text(f"{key}\n")
        named = {"DATABASE_URL": database, "REDIS_URL": redis_server.url, "auth": "keys", "admin_key_file": file}
        app = create_app(Settings(**{**named, **settings}))
        lifespan = app.router.lifespan_context(app)
        await lifespan.__aenter__()
        opened.append(lifespan)
        return House(app, key)

    yield start
    for lifespan in reversed(opened):
        await lifespan.__aexit__(None, None, None)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(open_house: OpenHouse) -> House:
    return await open_house()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that reaches Postgres over connections that are opened from now on."""
    seen: list[str] = []
    prepare = pools.prepare

    async def listening(connection: Any) -> None:
        await prepare(connection)
        connection.add_query_logger(lambda record: seen.append(record.query))

    monkeypatch.setattr(pools, "prepare", listening)
    yield seen


@pytest.fixture
def root() -> Path:
    return Path(__file__).resolve().parents[3]
