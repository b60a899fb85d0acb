"""The duties that keep jobs from being forgotten: leases that ran out, late jobs, an emptied broker.

Each is one small loop with its own pace. All may run in several dispatchers at once: every step checks, under the
job's lock, that there is still something to do.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import redis.asyncio
from redis.exceptions import RedisError

from core import idempotency
from core.access import sign_ins
from core.blobs import store
from core.channels import EPOCH_KEY
from core.database.pool import DATABASE_FAULTS, Pool
from core.events.publisher import Publisher
from core.files import repository as files
from core.ids import Prefix, encode, new_id
from core.jobs import cancel, lease, questions
from core.sessions import removal
from core.settings import Settings
from core.usage import repository as usage
from core.workers import repository as workers
from workers.dispatcher.planner import Planner

logger = logging.getLogger(__name__)

REAP_EVERY_S = 1.0
RECONCILE_EVERY_S = 1.0
TIDY_EVERY_S = 600.0
REDIS_TIMEOUT_S = 2.0


async def forever(every_s: float, duty: Callable[[], Awaitable[None]], on_outage: Callable[[], None]) -> None:
    """Do a duty again and again. A database that is away is told of, and `on_outage` called."""
    while True:
        try:
            await duty()
        except DATABASE_FAULTS as error:
            logger.warning("Upkeep waits: Postgres is away (%s).", error)
            on_outage()
        await asyncio.sleep(every_s)


class Reaper:
    """Takes jobs from workers that let their lease run out, and ends queued jobs past their deadline.

    At the start, and after Postgres was away, it first waits one full lease, by its monotonic clock: until then
    the workers could not renew, and their silence means nothing.
    """

    def __init__(self, pool: Pool, publisher: Publisher, settings: Settings, freed: Callable[[], None]) -> None:
        self._pool = pool
        self._publisher = publisher
        self._lease_s = settings.lease_s
        self._freed = freed
        self._patient_until = 0.0
        self._last_look = time.monotonic()
        self.be_patient()

    def be_patient(self) -> None:
        """Reap nothing for one lease."""
        self._patient_until = time.monotonic() + self._lease_s

    async def reap(self) -> None:
        """One pass."""
        now = time.monotonic()
        if now - self._last_look > self._lease_s / 2:  # this loop itself slept: so may the workers have
            self.be_patient()
        self._last_look = now
        if now >= self._patient_until:
            for job_id, attempt in await lease.lost(self._pool):
                state = await lease.break_off(self._pool, job_id, attempt, "its worker was lost")
                if state is not None:
                    logger.warning("Job %s lost its worker and is %s now.", encode(Prefix.JOB, job_id), state)
                    self._publisher.moved(job_id, 0)
                    self._freed()
        for job_id in await cancel.overdue(self._pool):
            if await cancel.expire(self._pool, job_id):
                self._publisher.moved(job_id, 0)


class Reconciler:
    """Notices that Redis was emptied, by a key that is gone, and sends again what had waited there."""

    def __init__(self, planners: Sequence[Planner], settings: Settings) -> None:
        self._planners = planners
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=REDIS_TIMEOUT_S,
            socket_connect_timeout=REDIS_TIMEOUT_S,
        )

    async def reconcile(self) -> None:
        """One pass."""
        try:
            emptied = await self._redis.set(EPOCH_KEY, str(new_id()), nx=True)
        except (RedisError, OSError, TimeoutError) as error:
            logger.warning("Redis is away (%s); jobs wait in Postgres.", error)
            return
        for planner in self._planners:
            await (planner.repeat_all() if emptied else planner.repeat_overdue())

    async def close(self) -> None:
        """Let the connection go."""
        await self._redis.aclose()


async def remove_deleted(pool: Pool) -> None:
    """Remove the sessions that were deleted, once nothing runs in them."""
    await removal.remove_deleted(pool)


async def tidy(pool: Pool) -> None:
    """Remove what nothing refers to any more."""
    await store.remove_orphans(pool)
    await files.remove_obsolete(pool)
    await questions.forget_stale(pool)
    await usage.merge_past(pool)
    await workers.remove_gone(pool)
    await idempotency.forget_old(pool)
    await sign_ins.forget_old(pool)
