"""What has to be counted before a job is taken, and what its submitter is told when a limit is in the way.

The counting is done by `limit_in_the_way`, a function in the database (migration 0003), within the statement that
writes the job: under a lock of the tenant that lasts until the commit, so the limits of waiting jobs hold exactly,
however many submit at once. What was spent on models is known when jobs end: those that run at the same time can pass a
day's limit by what they themselves use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.errors import LimitReached
from core.limits.model import Allowance

ROOM_COMES_S = 5
"""What is said to those for whom there is no room in the queue. A guess: a job has to move on first."""

DAY_LEFT = (
    "extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day' - now() AT TIME ZONE 'UTC')"
)
"""SQL: seconds until the next day (UTC) begins, by the database's clock, which the days are counted by."""

REFUSED_BY = (
    "limit_in_the_way({tenant}, {key}, {adding}, {0}::integer, {1}::integer, {2}::integer, {3}::bigint, {4}::bigint, "
    "{5}::numeric, {6}::numeric)"
)


def refused_by(first: int, *, tenant: str, key: str, adding: str = "1") -> str:
    """The SQL that names the limit in the way, or is null. Its bounds are the parameters from `$first` on."""
    return REFUSED_BY.format(*(f"${first + place}" for place in range(7)), tenant=tenant, key=key, adding=adding)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers that a submit is held to; None holds nothing back."""

    queued: int | None = None
    key_queued: int | None = None
    key_live: int | None = None
    tokens: int | None = None
    key_tokens: int | None = None
    cost: float | None = None
    key_cost: float | None = None

    @classmethod
    def of(cls, allowance: Allowance, *, asks_models: bool) -> Bounds | None:
        """For a job of an agent that does, or does not, ask a language model. None where nothing is to be counted."""
        tenant, key = allowance.tenant, allowance.key
        spending = asks_models and allowance.limits_spending
        if not spending and not allowance.limits_jobs:
            return None
        bounds = cls(tenant.queued_jobs, key.queued_jobs, key.running_jobs)
        if not spending:
            return bounds
        return cls(
            bounds.queued,
            bounds.key_queued,
            bounds.key_live,
            tenant.tokens_per_day,
            key.tokens_per_day,
            tenant.cost_per_day_usd,
            key.cost_per_day_usd,
        )

    def parameters(self) -> tuple[Any, ...]:
        """In the order of `refused_by`."""
        return (
            self.queued,
            self.key_queued,
            self.key_live,
            self.tokens,
            self.key_tokens,
            None if self.cost is None else Decimal(str(self.cost)),
            None if self.key_cost is None else Decimal(str(self.key_cost)),
        )

    def refusal(self, by: str, day_left_s: float) -> LimitReached:
        """The error for a limit as the database names it: `tenant queued_jobs`."""
        whose, _, limit = by.partition(" ")
        held = {
            "tenant queued_jobs": self.queued,
            "key queued_jobs": self.key_queued,
            "key running_jobs": self.key_live,
            "tenant tokens_per_day": self.tokens,
            "key tokens_per_day": self.key_tokens,
            "tenant cost_per_day_usd": self.cost,
            "key cost_per_day_usd": self.key_cost,
        }[by]
        retry_after_s = ROOM_COMES_S
        match limit:
            case "queued_jobs":
                what = f"{held} jobs wait already, as many as its limit allows. Try again when some have run."
            case "running_jobs":
                what = f"{held} jobs wait or run already, as many as its limit allows. Try again when some have ended."
            case _:
                unit, retry_after_s = ("tokens" if limit == "tokens_per_day" else "USD"), math.ceil(day_left_s)
                what = f"the {held} {unit} that its limit allows in a day are used. The next day begins at 00:00 UTC."
        return LimitReached(f"Of this {whose} {what}", limit, whose, retry_after_s)
