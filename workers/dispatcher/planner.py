"""Releases queued jobs of one worker pool, as many as its live workers have room for."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from uuid import UUID

from core.agents.registry import pool_agents
from core.database.pool import DATABASE_FAULTS, Connection, Pool
from core.jobs import release
from core.jobs.states import Lane
from core.workers.repository import ALIVE_WITHIN
from workers.dispatcher.messages import Messages

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How long a lost wake-up can delay a job."""

MOST_AT_ONCE = 64

REPEAT_AFTER = timedelta(seconds=10)
"""A release that nobody claimed for so long is published again: its message may have been lost."""


class Planner:
    """One loop a pool: woken by `wake`, or by its own clock."""

    def __init__(self, pool: Pool, messages: Messages, pool_name: str, running_limit: int | None = None) -> None:
        self._pool = pool
        self._running_limit = running_limit
        self._messages = messages
        self._name = pool_name
        self._agents = [spec.name for spec in pool_agents(pool_name)]
        self._cursors: dict[tuple[str, Lane], UUID] = {}
        """The tenant that each lane's walk came to last."""
        self._woken = asyncio.Event()
        self._repeated = float("-inf")
        """When messages were last sent again, by the monotonic clock."""

    def wake(self) -> None:
        """There may be work."""
        self._woken.set()

    async def run(self) -> None:
        """Plan until cancelled."""
        look_at = 0.0
        while True:
            self._woken.clear()
            wait = 0.0
            try:
                while await self.plan() >= MOST_AT_ONCE:
                    pass  # there may be more
                # Work that waits for its time is looked at once a second, or when the next is due: not at every wake.
                now = time.monotonic()
                if now >= look_at:
                    await release.make_due_ready(self._pool)
                    due = await release.next_due(self._pool)
                    look_at = now + (LOOK_EVERY_S if due is None else min(max(due, 0.0), LOOK_EVERY_S))
                    continue
                wait = look_at - now
            except DATABASE_FAULTS as error:
                logger.warning("Nothing can be released for the pool %s (%s).", self._name, error)
                wait = LOOK_EVERY_S
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                pass  # look without having been woken

    async def plan(self) -> int:
        """Release what there is room for, the interactive lane first. Returns how many jobs that was."""
        picked: list[release.Release] = []
        async with self._pool.acquire() as connection, connection.transaction():
            load = await release.plan(connection, self._name, self._agents, ALIVE_WITHIN, self._running_limit)
            if load is None:
                return 0
            room = min(load.interactive_room(), MOST_AT_ONCE)
            picked += await self._pick(connection, Lane.INTERACTIVE, room)
            room = min(load.batch_room() - len(picked), MOST_AT_ONCE)
            picked += await self._pick(connection, Lane.BATCH, room)
        if picked:
            # After the commit: a message must never be faster than the release it carries.
            await self._messages.send(picked, load.workers)
        return len(picked)

    async def _pick(self, connection: Connection, lane: Lane, room: int) -> list[release.Release]:
        """From each agent in turn, another one first each time."""
        picked: list[release.Release] = []
        self._agents.append(self._agents.pop(0))
        for agent in self._agents:
            if len(picked) >= room:
                break
            cursor = self._cursors.get((agent, lane), release.FIRST_TENANT)
            more, self._cursors[agent, lane] = await release.release(
                connection, agent, lane, room - len(picked), cursor, self._running_limit
            )
            picked += more
        return picked

    async def repeat_all(self) -> int:
        """Publish again all that nobody has claimed: the broker was emptied. Returns how many."""
        return await self._repeat(timedelta(0))

    async def repeat_overdue(self) -> int:
        """Publish again what nobody has claimed for long although slots stand free: its message may be lost.

        Each at most once in that time. While all slots are busy every message waits, and more would not help.
        """
        if time.monotonic() - self._repeated < REPEAT_AFTER.total_seconds():
            return 0
        async with self._pool.acquire() as connection:
            if not await release.slots_stand_free(connection, self._agents, ALIVE_WITHIN):
                return 0
        return await self._repeat(REPEAT_AFTER)

    async def _repeat(self, older_than: timedelta) -> int:
        async with self._pool.acquire() as connection:
            waiting = await release.released(connection, self._agents, older_than)
        if waiting:
            logger.info("Publishing %d releases of the pool %s again.", len(waiting), self._name)
            if await self._messages.send(waiting):
                self._repeated = time.monotonic()
        return len(waiting)
