"""How long until work goes on: after a worker was killed, and after Redis was emptied under waiting jobs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from typing import Any
from uuid import UUID

import asyncpg
import redis

from benchmarks.rig import Connection, Report, median, program
from benchmarks.service import Running, running, until
from core.ids import Prefix, decode

KILLS = 3
FLUSHES = 3
WAITING = 20
"""Jobs whose messages are in Redis when it is emptied: what a worker of 16 slots is given."""

POOL = ("-m", "workers", "--pool", "noop")


async def submit(connection: Connection, wait_s: float) -> UUID:
    """A job that waits so long. Returns its id."""
    body = json.dumps({"agent": "noop", "input": {"wait_s": wait_s}}).encode()
    _, answer = await connection.request("POST", "/v1/jobs", body)
    return decode(Prefix.JOB, json.loads(answer)["id"])


async def until_it_runs(database: asyncpg.Connection[Any], job_id: UUID, attempt: int) -> None:
    """Return when the job is in this attempt."""
    running = "SELECT 1 FROM jobs WHERE id = $1 AND state = 'running' AND attempt = $2"
    while not await database.fetchval(running, job_id, attempt):  # noqa: ASYNC110  (other processes do the work)
        await asyncio.sleep(0.02)


async def after_kills(service: Running, database: asyncpg.Connection[Any]) -> list[float]:
    """Seconds from the SIGKILL of the worker that runs a job until another one, which was there, runs it."""
    took = []
    with contextlib.ExitStack() as workers:
        for _ in range(KILLS):
            connection = Connection(service.port)
            await connection.open()
            job_id = await submit(connection, 3600)
            connection.close()
            await until_it_runs(database, job_id, 1)
            alive = await database.fetchval("SELECT count(*) FROM workers")
            workers.enter_context(program(*POOL, env=service.env))
            while await database.fetchval("SELECT count(*) FROM workers") <= alive:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            pid = await database.fetchval(
                "SELECT pid FROM workers JOIN jobs ON worker_id = workers.id WHERE jobs.id = $1", job_id
            )
            os.kill(pid, signal.SIGKILL)
            began = time.perf_counter()
            await until_it_runs(database, job_id, 2)
            took.append(time.perf_counter() - began)
    return took


async def after_flushes(service: Running, database: asyncpg.Connection[Any], client: redis.Redis) -> list[float]:
    """Seconds from FLUSHALL, with messages waiting, until the last of their jobs has ended."""
    connection = Connection(service.port)
    await connection.open()
    took = []
    pid = await database.fetchval("SELECT pid FROM workers ORDER BY heartbeat_at DESC LIMIT 1")
    for _ in range(FLUSHES):
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(WAITING):
                await submit(connection, 0)
            await asyncio.to_thread(until, lambda: client.llen("noop.interactive"))
            client.flushall()
        finally:
            os.kill(pid, signal.SIGCONT)
        began = time.perf_counter()
        while await database.fetchval("SELECT 1 FROM jobs WHERE state IN ('queued', 'running') LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        took.append(time.perf_counter() - began)
    return took


async def run() -> Report:
    """The benchmark."""
    report = Report("Back to work, with a lease of 15 s")
    with running() as service:
        database = await asyncpg.connect(service.postgres.url)
        client: redis.Redis = redis.from_url(service.redis.url)
        flushes = await after_flushes(service, database, client)
        kills = await after_kills(service, database)
        await database.close()
    report.add(
        "worker killed → another runs its job", f"median {median(kills):.1f} s, most {max(kills):.1f} s", "≤ 20 s"
    )
    report.add(
        f"Redis emptied under {WAITING} waiting jobs → all done",
        f"median {median(flushes):.1f} s, most {max(flushes):.1f} s",
        "≤ 5 s",
    )
    return report
