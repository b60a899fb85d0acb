"""How long one tenant's jobs wait for a slot while another wants all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from benchmarks.rig import Report, percentile
from benchmarks.service import running
from core.database.pool import Pool, open_pool
from core.doorbell import Doorbell
from core.ids import new_id
from core.jobs import submit
from core.jobs.states import Holds
from core.jobs.submit import Submission
from core.settings import Settings

FLOOD = 1500
FLOOD_S = 0.2
"""What each of the flood's jobs takes: the time in which a slot comes free."""
ASKED = 80
EVERY_S = 0.05


async def flood(pool: Pool, tenant_id: UUID, lane: str, wait_s: float = FLOOD_S) -> None:
    """Far more work than there are slots, with the highest priority there is."""
    await pool.execute(
        """
        WITH job AS (
            INSERT INTO jobs (id, tenant_id, holds, agent, lane, priority, state, ready, max_attempts, last_seq)
            SELECT uuidv7(), $1, 0, 'noop', $2, 9, 'queued', true, 3, 1 FROM generate_series(1, $3)
            RETURNING id),
        input AS (INSERT INTO job_inputs (job_id, input) SELECT id, jsonb_build_object('wait_s', $4::float8) FROM job)
        INSERT INTO events (job_id, seq, attempt, type, data) SELECT id, 1, 0, 'job.queued', '{}' FROM job
        """,
        tenant_id,
        lane,
        FLOOD,
        wait_s,
    )


async def waits(pool: Pool, doorbell: Doorbell, tenant_id: UUID) -> list[float]:
    """Seconds from submit to start, of interactive jobs that come one by one."""
    ids = []
    for _ in range(ASKED):
        wanted = Submission(tenant_id=tenant_id, agent="noop", holds=Holds.NOTHING, input={}, priority=0)
        ids.append((await submit.submit(pool, wanted)).id)
        doorbell.ring("noop")
        await asyncio.sleep(EVERY_S)
    rows: list[Any] = []
    while len(rows) < ASKED:
        rows = await pool.fetch(
            "SELECT extract(epoch FROM started_at - created_at)::float8 AS waited FROM jobs "
            "WHERE id = ANY($1::uuid[]) AND started_at IS NOT NULL",
            ids,
        )
        await asyncio.sleep(0.05)
    return [row["waited"] for row in rows]


async def empty(pool: Pool) -> None:
    """Nothing waits and nothing runs."""
    await pool.execute(
        "UPDATE jobs SET state = 'cancelled', finished_at = now(), released_at = NULL WHERE state = 'queued'"
    )
    while await pool.fetchval("SELECT 1 FROM jobs WHERE state IN ('queued', 'running') LIMIT 1"):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def started(pool: Pool, tenants: Sequence[UUID], count: int) -> dict[UUID, int]:
    """Of `count` jobs that began after the first hundred, how many each tenant has."""
    begun = "SELECT count(*) FROM jobs WHERE tenant_id = ANY($1) AND started_at IS NOT NULL"
    while await pool.fetchval(begun, list(tenants)) < count + 100:  # noqa: ASYNC110  (other processes do the work)
        await asyncio.sleep(0.05)
    rows = await pool.fetch(
        "SELECT tenant_id, count(*) AS count FROM (SELECT tenant_id FROM jobs WHERE tenant_id = ANY($1) "
        "AND started_at IS NOT NULL ORDER BY started_at LIMIT $2 OFFSET 100) AS counted GROUP BY tenant_id",
        list(tenants),
        count,
    )
    return {row["tenant_id"]: row["count"] for row in rows}


async def run() -> Report:
    """The benchmark."""
    report = Report(f"Fairness: one process of 16 slots, a flood of {FLOOD:,} jobs of {FLOOD_S * 1000:.0f} ms")
    with running() as service:
        settings = Settings(DATABASE_URL=service.postgres.url)
        pool = await open_pool(settings)
        greedy, patient, light, heavy = (new_id() for _ in range(4))
        for tenant_id, weight in ((greedy, 1), (patient, 1), (light, 1), (heavy, 3)):
            await pool.execute(
                "INSERT INTO tenants (id, name, weight) VALUES ($1, $2, $3)", tenant_id, str(tenant_id), weight
            )
        async with Doorbell(settings) as doorbell:
            alone = await waits(pool, doorbell, patient)
            report.add("wait of an interactive job, nobody else there", line(alone))
            for lane, target in (("batch", f"≤ {FLOOD_S * 1000:.0f} ms, always"), ("interactive", "")):
                await flood(pool, greedy, lane)
                doorbell.ring("noop")
                beside = await waits(pool, doorbell, patient)
                report.add(f"… beside another tenant's flood in the {lane} lane, at priority 9", line(beside), target)
                await empty(pool)
            for tenant_id in (light, heavy):
                await flood(pool, tenant_id, "interactive", 0.05)
            doorbell.ring("noop")
            shares = await started(pool, (light, heavy), 800)
        report.add(
            "two tenants that want everything, of weights 1 and 3: jobs begun, of 800",
            f"{shares[light]} : {shares[heavy]} (1 : {shares[heavy] / shares[light]:.2f})",
            "1 : 3",
        )
        pool.terminate()
    return report


def line(seconds: list[float]) -> str:
    """p50, p95 and the most, in milliseconds."""
    p50, p95 = percentile(seconds, 0.5) * 1e3, percentile(seconds, 0.95) * 1e3
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, most {max(seconds) * 1e3:.0f} ms"
