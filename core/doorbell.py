"""Tells the dispatchers that there may be work, after the commit that made it.

All rings of a process within a few milliseconds become one NOTIFY, on a connection of its own: inside the
submitting transaction it would hold a lock of the whole database through every commit (PostgreSQL manual, NOTIFY).
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from core.channels import NEW_WORK
from core.database.pool import DATABASE_FAULTS, OwnConnection, connect
from core.settings import Settings

logger = logging.getLogger(__name__)

MERGE_S = 0.003
"""Rings that come within this time are sent as one."""

RECONNECT_S = 1.0


class Doorbell:
    """`ring()` is synchronous and never fails; the sending happens in a task of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rung = asyncio.Event()
        self._pools: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._send_forever(), name="doorbell")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def ring(self, pool: str) -> None:
        """There may be work for this pool of workers."""
        self._pools.add(pool)
        self._rung.set()

    async def _send_forever(self) -> None:
        connection: OwnConnection | None = None
        try:
            while True:
                await self._rung.wait()
                self._rung.clear()
                pools, self._pools = self._pools, set()
                try:
                    if connection is None or connection.is_closed():
                        connection = await connect(self._settings)
                    await connection.execute(
                        "SELECT pg_notify($1, pool) FROM unnest($2::text[]) AS pool", NEW_WORK, list(pools)
                    )
                except DATABASE_FAULTS as error:
                    logger.warning("The dispatcher was not woken (%s); it looks by itself every second.", error)
                    await asyncio.sleep(RECONNECT_S)
                await asyncio.sleep(MERGE_S)
        finally:
            if connection is not None:
                connection.terminate()
