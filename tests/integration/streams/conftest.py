"""An API process on a Postgres and a Redis that tests may take away, and the test itself in place of the workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from job_life import Life
from services import Client
from stream_rig import Api, Worker

from core.events.publisher import Publisher
from core.settings import Settings
from embedded.redis import RedisServer, running_redis
from tests.chaos.agents import SETTING

SEND_TIMEOUT_S = "2"
"""So that a client which takes nothing is cut off within a test."""


@pytest.fixture(scope="module")
def stream_redis() -> Iterator[RedisServer]:
    """A Redis of the module's own: it is flushed, frozen and killed."""
    with running_redis() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(tmp_path_factory: pytest.TempPathFactory, database: str, stream_redis: RedisServer) -> AsyncIterator[Api]:
    """One API process for the module."""
    environment = {
        "DATABASE_URL": database,
        "REDIS_URL": stream_redis.url,
        "ACI_AGENTS": SETTING,
        "ACI_SEND_TIMEOUT_S": SEND_TIMEOUT_S,
        "ACI_LOG_LEVEL": "WARNING",
    }
    started = Api(tmp_path_factory.mktemp("api"), environment)
    await started.ready()
    yield started
    started.program.resume()
    started.program.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def client(api: Api) -> AsyncIterator[Client]:
    made = Client(api.url)
    yield made
    await made.http.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def worker(life: Life, stream_redis: RedisServer) -> AsyncIterator[Worker]:
    settings = Settings(REDIS_URL=stream_redis.url)  # type: ignore[call-arg]
    async with Publisher(settings) as publisher:
        yield Worker(life, publisher)
