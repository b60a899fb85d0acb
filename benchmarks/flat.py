"""Whether a release and a claim cost the same with a thousand stored jobs as with a million, and with long queues."""

from __future__ import annotations

import time
from datetime import timedelta

import asyncpg

from benchmarks.rig import Report, folder, median, program
from core.database.pool import prepare
from core.ids import new_id
from core.jobs import lease, release
from core.jobs.states import Lane
from core.tenants import DEFAULT_TENANT
from embedded.postgres import running_postgres

STORED = (1_000, 10_000, 100_000, 1_000_000)
QUEUED = (100, 1_000, 10_000, 100_000)
TENANTS = 100
PICKS = 16
ROUNDS = 30

FILL = """
INSERT INTO jobs (id, tenant_id, holds, agent, lane, priority, state, ready, max_attempts, attempt, last_seq,
                  started_at, finished_at)
SELECT uuidv7(), tenants.id, 0, 'noop', 'interactive', n % 10, $2, true, 3, 1, 3,
       CASE WHEN $2 = 'queued' THEN NULL ELSE now() END, CASE WHEN $2 = 'queued' THEN NULL ELSE now() END
FROM generate_series(1, $1) AS n
JOIN (SELECT id, row_number() OVER () AS number FROM tenants) AS tenants ON tenants.number = 1 + n % $3
"""


async def measured(connection: asyncpg.Connection) -> tuple[float, float]:
    """Median milliseconds of a release of some jobs, and of their claim; nothing of it stays."""
    released, claimed = [], []
    cursor = release.FIRST_TENANT
    for _ in range(ROUNDS):
        undo = connection.transaction()
        await undo.start()
        began = time.perf_counter()
        picks, cursor = await release.release(connection, "noop", Lane.INTERACTIVE, PICKS, cursor)
        released.append((time.perf_counter() - began) * 1e3)
        began = time.perf_counter()
        held = [(pick.job_id, pick.release) for pick in picks]
        claims = await lease.claim(connection, held, new_id(), "bench", timedelta(seconds=60))
        claimed.append((time.perf_counter() - began) * 1e3)
        if len(claims) != PICKS:
            raise RuntimeError(f"{len(claims)} of {PICKS} jobs were claimed")
        await undo.rollback()
    return median(released), median(claimed)


async def run() -> Report:
    """The benchmark."""
    report = Report(f"Release and claim of {PICKS} jobs, by what is stored and what waits")
    with running_postgres(fsync=False) as postgres, folder() as logs:
        with program("-m", "migrations", env={"DATABASE_URL": postgres.url}, log=logs / "log") as migrations:
            migrations.wait()
        connection = await asyncpg.connect(postgres.url)
        await prepare(connection)
        await connection.executemany(
            "INSERT INTO tenants (id, name) VALUES ($1, $2)",
            [(new_id(), f"tenant {number}") for number in range(TENANTS - 1)],
        )
        if not await connection.fetchval("SELECT 1 FROM tenants WHERE id = $1", DEFAULT_TENANT):
            raise RuntimeError("the migrations made no tenant")
        figures: list[tuple[float, float]] = []
        stored = queued = 0
        for want_stored, want_queued in zip(STORED, QUEUED, strict=True):
            await connection.execute(FILL, want_stored - stored, "succeeded", TENANTS)
            await connection.execute(FILL, want_queued - queued, "queued", TENANTS)
            await connection.execute(
                "INSERT INTO job_inputs (job_id, input) SELECT id, '{}' FROM jobs WHERE state = 'queued' "
                "ON CONFLICT DO NOTHING"
            )
            stored, queued = want_stored, want_queued
            await connection.execute("VACUUM ANALYZE jobs")
            figures.append(await measured(connection))
            report.add(
                f"{stored:,} stored, {queued:,} queued, {TENANTS} tenants",
                f"release {figures[-1][0]:.1f} ms, claim {figures[-1][1]:.1f} ms",
            )
        for name, column in (("release", 0), ("claim", 1)):
            values = [figure[column] for figure in figures]
            spread = max(values) / min(values)
            report.add(f"{name}: slowest : fastest", f"{spread:.2f}", "≤ 3 (± 50 %)")
        plan = await connection.fetch(
            "EXPLAIN (COSTS OFF) " + release.FAIR, "noop", "interactive", release.FIRST_TENANT, PICKS, None
        )
        scans = sorted({row[0].strip(" ->") for row in plan if "Scan" in row[0] and "CTE" not in row[0]})
        report.add("tables and indexes that the pick reads", "; ".join(scans))
        await connection.close()
    return report
