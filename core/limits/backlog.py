"""How much waits of all tenants together, looked at about once a second and never by a request."""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType
from typing import Self

from core.database.pool import DATABASE_FAULTS, Pool
from core.settings import Settings

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
SHARE = 20
"""Looking takes at most this fraction of the time: a long count is made less often."""


class Backlog:
    """Made once a process. Without a limit it does nothing."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._pool = pool
        self.limit = settings.backlog_limit
        self.full = False
        """More waited, when it was looked at last, than may."""
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self.limit is not None:
            self._task = asyncio.create_task(self._look_forever(self.limit), name="backlog")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_forever(self, limit: int) -> None:
        while True:
            began = time.monotonic()
            try:
                full = await passes(self._pool, limit)
                if full != self.full:
                    logger.warning("%s jobs wait than ACI_BACKLOG_LIMIT allows.", "More" if full else "No more")
                self.full = full
            except DATABASE_FAULTS as error:
                logger.warning("The backlog can't be counted (%s).", error)
            await asyncio.sleep(max(LOOK_EVERY_S, (time.monotonic() - began) * SHARE))


async def passes(pool: Pool, limit: int) -> bool:
    """Whether more jobs wait than that: it reads at most so many entries of an index."""
    found: int = await pool.fetchval(
        "SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'queued' LIMIT $1) AS waiting", limit + 1
    )
    return found > limit
