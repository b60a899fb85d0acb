"""What a running job may still spend and store: its tenant's limits, as the workers hold them.

Limits are known for a few seconds without asking; only where there is one is anything counted.
"""

from __future__ import annotations

from decimal import Decimal

from core.database.pool import Pool
from core.jobs.lease import Claim
from core.limits import repository
from core.limits.book import Book
from core.limits.model import Limits
from core.settings import Settings
from core.usage import repository as usage
from core.usage.used import Used


class Quotas:
    """Made once a process."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._pool = pool
        self._book = Book(settings, pool)

    async def has_room(self, claim: Claim, size: int) -> bool:
        """Whether the tenant may store `size` bytes more. What others store meanwhile is not known."""
        limit = (await self._book.of(claim.tenant_id, claim.key_id)).storage_bytes
        return limit is None or await repository.stored_bytes(self._pool, claim.tenant_id) + size <= limit

    async def overspent(self, claim: Claim, used: Used) -> str | None:
        """Which of the day's limits is used up, counting what this job used so far; None while none is."""
        allowance = await self._book.of(claim.tenant_id, claim.key_id)
        if not allowance.limits_spending:
            return None
        tenant, key = await usage.today(self._pool, claim.tenant_id, claim.key_id)
        return _passed(allowance.tenant, tenant + used, "tenant") or _passed(allowance.key, key + used, "key")

    async def aclose(self) -> None:
        """Stop looking limits up."""
        await self._book.aclose()


def _passed(limits: Limits, used: Used, whose: str) -> str | None:
    if limits.tokens_per_day is not None and used.tokens >= limits.tokens_per_day:
        return f"The {limits.tokens_per_day} tokens that the limit of the {whose} allows in a day are used."
    if limits.cost_per_day_usd is not None and used.cost_usd >= Decimal(str(limits.cost_per_day_usd)):
        return f"The {limits.cost_per_day_usd:g} USD that the limit of the {whose} allows in a day are spent."
    return None
