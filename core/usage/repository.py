"""Reading what was used, and keeping its rows few."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool
from core.jobs.lease import Claim
from core.usage.used import ADDED, NOBODY, Used


@dataclass(frozen=True, slots=True)
class AgentDay:
    """What the jobs of one agent used that ended on one day."""

    day: date
    agent: str
    jobs: int
    run_ms: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "day": self.day.isoformat(),
            "agent": self.agent,
            "jobs": self.jobs,
            "run_s": self.run_ms / 1000,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": float(self.cost_usd),
        }


async def by_day_and_agent(connection: Connection | Pool, tenant_id: UUID, first: date, last: date) -> list[AgentDay]:
    """What a tenant used from the first to the last day, both included, the newest day first."""
    rows = await connection.fetch(
        """
        SELECT day, agent, sum(jobs)::bigint AS jobs, sum(run_ms)::bigint AS run_ms,
               sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens,
               sum(cost_usd) AS cost_usd
        FROM usage_days WHERE tenant_id = $1 AND day BETWEEN $2 AND $3
        GROUP BY day, agent ORDER BY day DESC, agent
        """,
        tenant_id,
        first,
        last,
    )
    return [AgentDay(**row) for row in rows]


async def today(connection: Connection | Pool, tenant_id: UUID, key_id: UUID | None) -> tuple[Used, Used]:
    """What the tenant, and its key alone, used since the day (UTC) began, by jobs that have ended."""
    row = await connection.fetchrow(
        """
        SELECT coalesce(sum(input_tokens), 0)::bigint AS input, coalesce(sum(output_tokens), 0)::bigint AS output,
               coalesce(sum(cost_usd), 0) AS cost,
               coalesce(sum(input_tokens) FILTER (WHERE key_id = $2), 0)::bigint AS key_input,
               coalesce(sum(output_tokens) FILTER (WHERE key_id = $2), 0)::bigint AS key_output,
               coalesce(sum(cost_usd) FILTER (WHERE key_id = $2), 0) AS key_cost
        FROM usage_days WHERE tenant_id = $1 AND day = (now() AT TIME ZONE 'UTC')::date
        """,
        tenant_id,
        key_id,
    )
    assert row is not None
    return Used(row["input"], row["output"], row["cost"]), Used(row["key_input"], row["key_output"], row["key_cost"])


async def of_session(connection: Connection | Pool, session_id: UUID) -> Used:
    """What the ended jobs of a session used."""
    rows = await connection.fetch(
        "SELECT usage FROM job_results JOIN jobs ON jobs.id = job_id WHERE session_id = $1 AND usage IS NOT NULL",
        session_id,
    )
    return sum((Used.of(row["usage"]) for row in rows), Used())


async def count_unfinished(connection: Connection | Pool, claim: Claim, worker_id: UUID, used: Used) -> None:
    """Add what an attempt used that did not come to an end of its job: paid for all the same."""
    if not used.tokens and not used.cost_usd:
        return
    await connection.execute(
        f"""
        INSERT INTO usage_days AS known (tenant_id, day, key_id, agent, worker_id, jobs, run_ms, input_tokens,
                                         output_tokens, cost_usd)
        VALUES ($1, (now() AT TIME ZONE 'UTC')::date, $2, $3, $4, 0, 0, $5, $6, $7)
        {ADDED}
        """,
        claim.tenant_id,
        claim.key_id or NOBODY,
        claim.agent,
        worker_id,
        used.input_tokens,
        used.output_tokens,
        used.cost_usd,
    )


async def merge_past(connection: Connection | Pool) -> None:
    """Make one row of those that processes wrote of a day which is over."""
    await connection.execute(
        f"""
        WITH gone AS (
            DELETE FROM usage_days WHERE day < (now() AT TIME ZONE 'UTC')::date - 1 AND worker_id <> '{NOBODY}'
            RETURNING *)
        INSERT INTO usage_days AS known (tenant_id, day, key_id, agent, worker_id, jobs, run_ms, input_tokens,
                                         output_tokens, cost_usd)
        SELECT tenant_id, day, key_id, agent, '{NOBODY}', sum(jobs), sum(run_ms), sum(input_tokens),
               sum(output_tokens), sum(cost_usd)
        FROM gone GROUP BY tenant_id, day, key_id, agent ORDER BY tenant_id, day, key_id, agent
        {ADDED}
        """
    )
