"""What one job used, and the part of a job's end that adds it up.

It is added in the transaction of the end, so a job is counted once, under the attempt that ended it, whatever was lost
meanwhile. Each worker process adds to rows of its own: with one row for a tenant, or a day, all ends would wait for
each other. As a process ends its jobs in groups, a group costs one row for each agent and tenant in it. A roll-up
afterwards would instead need to know which ends it has seen: one more index on every job.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

NOBODY = UUID(int=0)
"""In place of a key, or of a worker, where there is none."""

MOST_TOKENS = 2**53
MOST_USD = Decimal(10**9)


@dataclass(frozen=True, slots=True)
class Used:
    """Of one job."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    @classmethod
    def of(cls, usage: dict[str, Any] | None) -> Used:
        """From a job's `usage`. An agent may say anything there: what is no sensible number counts as none."""
        if not usage:
            return cls()
        return cls(_tokens(usage.get("input_tokens")), _tokens(usage.get("output_tokens")), _usd(usage.get("cost_usd")))

    def __add__(self, other: Used) -> Used:
        return Used(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )

    @property
    def tokens(self) -> int:
        """In and out."""
        return self.input_tokens + self.output_tokens


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _tokens(value: Any) -> int:
    return min(int(value), MOST_TOKENS) if _number(value) else 0


def _usd(value: Any) -> Decimal:
    return min(Decimal(str(value)), MOST_USD) if _number(value) else Decimal(0)


ADDED = """
    ON CONFLICT (tenant_id, day, key_id, agent, worker_id) DO UPDATE SET
        jobs = known.jobs + excluded.jobs, run_ms = known.run_ms + excluded.run_ms,
        input_tokens = known.input_tokens + excluded.input_tokens,
        output_tokens = known.output_tokens + excluded.output_tokens, cost_usd = known.cost_usd + excluded.cost_usd
"""

USED_BY_ENDED = f"""
    INSERT INTO usage_days AS known (tenant_id, day, key_id, agent, worker_id, jobs, run_ms, input_tokens,
                                     output_tokens, cost_usd)
    SELECT tenant_id, (now() AT TIME ZONE 'UTC')::date, coalesce(key_id, '{NOBODY}'), agent,
           coalesce(worker_id, '{NOBODY}'), count(*), coalesce(sum(extract(epoch FROM ran) * 1000), 0)::bigint,
           sum(input_tokens), sum(output_tokens), sum(cost_usd)
    FROM ended GROUP BY tenant_id, key_id, agent, worker_id ORDER BY tenant_id, key_id, agent, worker_id
    {ADDED}
"""
"""A CTE of the statement that ends jobs, over those it ended."""
