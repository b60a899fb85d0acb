"""What all tests stand on: one real Postgres and one real Redis for the whole run, and databases made in an instant."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import clusters
import hypothesis
import pytest
import pytest_asyncio
from job_life import Life

from core.database.pool import Pool, open_pool
from core.settings import Settings
from embedded.postgres import PostgresServer
from embedded.redis import RedisServer, running_redis

pytest_plugins = ("side_by_side",)

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# All that the tests import stays: while it is loaded there is nothing to collect, and later nothing to look through.
gc.disable()
LOOKED_THROUGH_EVERY = 50_000
"""So many objects more, the collector looks: it finds little among the tests' own."""

NewDatabase = Callable[..., Awaitable[str]]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.set_threshold(LOOKED_THROUGH_EVERY)
    gc.enable()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the servers of this run are copied from; its workers share it."""
    own = tmp_path_factory.getbasetemp()
    return await clusters.made_once(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def postgres(postgres_home: Path) -> Iterator[PostgresServer]:
    """A Postgres for this worker alone."""
    with clusters.postgres_like(postgres_home) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis for this worker alone."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(postgres: PostgresServer) -> NewDatabase:
    """Makes a database and gives its address: with the newest schema, or empty."""

    async def new(*, empty: bool = False) -> str:
        template = "template1" if empty else clusters.MIGRATED
        return await clusters.like(template, f"test_{secrets.token_hex(6)}", postgres)

    return new


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(new_database: NewDatabase) -> str:
    """The address of a database with the newest schema, for one module."""
    return await new_database()


@pytest.fixture(scope="module")
def settings(database: str) -> Settings:
    """Settings that name the module's database, and nothing from the environment."""
    return Settings(DATABASE_URL=database)  # type: ignore[call-arg]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """Connections to the module's database."""
    opened = await open_pool(settings, size=12)
    # All of them opened now: tests of what happens at once must not be held apart by the making of connections.
    await asyncio.gather(*(opened.execute("SELECT pg_sleep(0.02)") for _ in range(12)))
    yield opened
    opened.terminate()


@pytest.fixture
def life(pool: Pool) -> Life:
    """Jobs of an agent that no other test has."""
    return Life(pool)
