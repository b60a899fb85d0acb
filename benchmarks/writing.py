"""The writing side of a worker, in the benchmark's own process: its commits are known to the microsecond."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from benchmarks.service import Running
from core.database.pool import Pool, open_pool
from core.events import log
from core.events.log import Entry
from core.events.publisher import Publisher
from core.ids import Prefix, decode, encode, new_id
from core.jobs import lease
from core.jobs.states import Holds
from core.jobs.submit import Submission, submit
from core.settings import Settings
from core.tenants import DEFAULT_TENANT

LEASE = timedelta(hours=1)


class Writer:
    """Running jobs that nobody works on, and what is said of them."""

    def __init__(self, pool: Pool, publisher: Publisher) -> None:
        self._pool = pool
        self._publisher = publisher

    async def job(self) -> str:
        """A running job's name. The dispatcher is passed by."""
        wanted = Submission(DEFAULT_TENANT, "noop", Holds.NOTHING, {})
        job = await submit(self._pool, wanted)
        await self._pool.execute("UPDATE jobs SET release = 1, released_at = now() WHERE id = $1", job.id)
        claims = await lease.claim(self._pool, [(job.id, 1)], new_id(), "bench", LEASE)
        if len(claims) != 1:
            raise RuntimeError("the job could not be claimed")
        return encode(Prefix.JOB, job.id)

    async def say(self, name: str, *texts: str) -> float:
        """Append and publish as a worker does. Returns when the commit was known."""
        job_id: UUID = decode(Prefix.JOB, name)
        written = await log.append(self._pool, [Entry(job_id, 1, [("stdout", {"text": text}) for text in texts])])
        committed = time.perf_counter()
        if len(written) != len(texts):
            raise RuntimeError("the job is not running any more")
        self._publisher.events(written)
        return committed


@asynccontextmanager
async def writing(service: Running) -> AsyncIterator[Writer]:
    """A writer beside a service without workers."""
    settings = Settings(DATABASE_URL=service.postgres.url, REDIS_URL=service.redis.url)  # type: ignore[call-arg]
    pool = await open_pool(settings)
    try:
        async with Publisher(settings) as publisher:
            yield Writer(pool, publisher)
    finally:
        pool.terminate()
