"""What several modules of this folder drive."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from job_life import Life
from worker_rig import serving

from embedded.redis import RedisServer
from workers.process import WorkerProcess


@pytest_asyncio.fixture(loop_scope="session")
async def worker(
    database: str, redis_server: RedisServer, life: Life, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WorkerProcess]:
    """A running process that serves the life's agent."""
    async with serving(database, redis_server.url, life, monkeypatch) as process:
        yield process
