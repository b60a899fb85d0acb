"""How many durable no-ops a second go through, beside Celery's own no-ops, and what each costs the servers."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import asyncpg
import redis

from benchmarks.raw_celery import DONE, READY
from benchmarks.rig import Connection, Report, folder, median, program
from benchmarks.service import AGENTS, Running, running, until
from core.channels import NEW_WORK
from core.tenants import DEFAULT_TENANT

JOBS = 5000
ROUNDS = 3
WATCHERS = 20

ENQUEUE = """
WITH job AS (
    INSERT INTO jobs (id, tenant_id, holds, agent, lane, priority, state, ready, max_attempts, last_seq)
    SELECT uuidv7(), $1, 0, 'noop', 'interactive', 5, 'queued', true, 3, 1 FROM generate_series(1, $2)
    RETURNING id),
input AS (INSERT INTO job_inputs (job_id, input) SELECT id, '{}' FROM job),
event AS (INSERT INTO events (job_id, seq, attempt, type, data) SELECT id, 1, 0, 'job.queued', '{}' FROM job)
SELECT id FROM job
"""


async def ours(service: Running, client: redis.Redis) -> tuple[float, float, float]:
    """Jobs a second, transactions a job and Redis commands a job."""
    from core.ids import Prefix, encode

    database = await asyncpg.connect(service.postgres.url)
    async with database.transaction():
        rows = await database.fetch(ENQUEUE, DEFAULT_TENANT, JOBS)
    watching = [
        asyncio.create_task(watch(service.port, encode(Prefix.JOB, row["id"]))) for row in rows[:: JOBS // WATCHERS]
    ]
    await asyncio.sleep(0)  # they connect while the first jobs run
    before = await counters(database, client)
    began = time.perf_counter()
    await database.execute(f"NOTIFY {NEW_WORK}")
    while await database.fetchval("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"):  # noqa: ASYNC110  (other processes do the work)
        await asyncio.sleep(0.05)
    took = time.perf_counter() - began
    after = await counters(database, client)
    await asyncio.gather(*watching)
    await database.close()
    looks = took / 0.05  # our own counting, which the servers count as well
    return JOBS / took, (after[0] - before[0] - looks) / JOBS, (after[1] - before[1]) / JOBS


async def watch(port: int, job_id: str) -> None:
    """Follow one job to its end."""
    connection = Connection(port)
    await connection.open()
    await connection.events(f"/v1/jobs/{job_id}/events")
    connection.close()


async def counters(database: asyncpg.Connection[Any], client: redis.Redis) -> tuple[int, int]:
    """Transactions committed, and commands processed, so far."""
    await database.execute("SELECT pg_stat_force_next_flush()")
    commits = await database.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    information: Any = client.info("stats")
    return commits, information["total_commands_processed"]


async def raw(service: Running, client: redis.Redis) -> float:
    """Celery's no-ops a second, published while they are drained."""
    client.delete(READY, DONE)
    with folder() as logs, program("-m", "benchmarks.raw_celery", "worker", str(JOBS), env=service.env, log=logs / "w"):
        from core.settings import Settings
        from workers.celery_app import make_celery

        app = make_celery(Settings(REDIS_URL=service.redis.url))
        app.send_task("bench.noop", args=(-1,), queue="bench")
        await asyncio.to_thread(until, lambda: client.exists(READY))
        began = time.perf_counter()
        with program("-m", "benchmarks.raw_celery", "publish", str(JOBS), env=service.env, log=logs / "p"):
            await asyncio.to_thread(until, lambda: client.exists(DONE), 120)
        return JOBS / (time.perf_counter() - began)


async def run() -> Report:
    """The benchmark."""
    report = Report(f"Drain of {JOBS} durable no-ops")
    with running(ACI_AGENTS=AGENTS) as service:
        client: redis.Redis = redis.from_url(service.redis.url)
        connection = Connection(service.port)
        await connection.open()
        _, answer = await connection.request(
            "POST", "/v1/jobs?wait=30", json.dumps({"agent": "noop", "input": {}}).encode()
        )
        if json.loads(answer)["state"] != "succeeded":
            raise RuntimeError(f"the service does not work: {answer!r}")
        rates, floors, transactions, commands = [], [], [], []
        for _ in range(ROUNDS):
            floors.append(await raw(service, client))
            rate, commits, sent = await ours(service, client)
            rates.append(rate)
            transactions.append(commits)
            commands.append(sent)
    ratio = median([rate / floor for rate, floor in zip(rates, floors, strict=True)])
    report.add(
        "durable no-ops a second : raw Celery no-ops",
        f"{ratio:.2f} ({median(rates):.0f} : {median(floors):.0f})",
        "≥ 1.5",
    )
    report.add("transactions a job, as Postgres counts them", f"{median(transactions):.2f}", "≤ 1")
    report.add("commands a job, as Redis counts them", f"{median(commands):.2f}", "≤ 3")
    return report
