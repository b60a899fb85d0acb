"""Who is held to what, as one process knows it. A limit that was changed holds everywhere a few seconds later.

Requests read it without a round trip: what is known is used while it is looked up anew. While Postgres is away, what
was known last goes on holding.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from uuid import UUID

from core.database.pool import DATABASE_FAULTS, Pool
from core.limits import repository
from core.limits.model import Allowance, Limits
from core.settings import Settings

logger = logging.getLogger(__name__)

FRESH_S = 2.0
USABLE_S = 4.0
"""Older than that is waited for. Both together are how long a changed limit may go unnoticed."""
MOST = 10_000

Who = tuple[UUID, UUID | None]


class Book:
    """Made once a process."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._pool = pool
        self._defaults = Limits.of_service(settings)
        self._known: OrderedDict[Who, tuple[Allowance, float]] = OrderedDict()
        """With when it was looked up, by the monotonic clock."""
        self._looking: dict[Who, asyncio.Task[Allowance]] = {}

    async def of(self, tenant_id: UUID, key_id: UUID | None) -> Allowance:
        """What this principal is held to."""
        who = (tenant_id, key_id)
        known = self._known.get(who)
        if known is not None:
            age = time.monotonic() - known[1]
            if age < FRESH_S:
                return known[0]
            looking = self._look(who)
            if age < USABLE_S:
                return known[0]
        else:
            looking = self._look(who)
        # Shielded: others may wait for the same look.
        return await asyncio.shield(looking)

    def forget(self) -> None:
        """Something was changed here: the next request looks."""
        self._known.clear()

    def _look(self, who: Who) -> asyncio.Task[Allowance]:
        if who not in self._looking:
            task = asyncio.create_task(self._look_up(who), name="limits-book")
            self._looking[who] = task
            task.add_done_callback(lambda _: self._looking.pop(who, None))
        return self._looking[who]

    async def _look_up(self, who: Who) -> Allowance:
        try:
            tenant, key = await repository.said(self._pool, *who)
        except DATABASE_FAULTS as error:
            known = self._known.get(who)
            logger.warning("Limits can't be looked up (%s); what was known last holds.", error)
            return known[0] if known is not None else Allowance.of(who[0], self._defaults, who[1])
        allowance = Allowance.of(who[0], tenant.over(self._defaults), who[1], key)
        self._known[who] = (allowance, time.monotonic())
        self._known.move_to_end(who)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return allowance

    async def aclose(self) -> None:
        """Stop looking."""
        looking = list(self._looking.values())
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
