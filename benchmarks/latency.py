"""How long an idle service takes from a submit to the claim, and to the terminal event at a client."""

from __future__ import annotations

import json
import time
from datetime import datetime

import asyncpg

from benchmarks.rig import Connection, Report, percentile
from benchmarks.service import Running, running

JOBS = 300
BODY = json.dumps({"agent": "noop", "input": {}}).encode()


async def warm(service: Running) -> None:
    """Until a job has gone all the way."""
    connection = Connection(service.port)
    await connection.open()
    for _ in range(20):
        _, answer = await connection.request("POST", "/v1/jobs?wait=30", BODY)
    if json.loads(answer)["state"] != "succeeded":
        raise RuntimeError(f"the service does not work: {answer!r}")
    connection.close()


async def run() -> Report:
    """The benchmark."""
    report = Report("Latency of an idle service, one job after the other")
    claimed, ended, inserts = [], [], []
    with running() as service:
        await warm(service)
        submitting = Connection(service.port)
        await submitting.open()
        for _ in range(JOBS):
            began = time.perf_counter()
            _, answer = await submitting.request("POST", "/v1/jobs", BODY)
            job = json.loads(answer)
            inserts.append(time.perf_counter() - began)
            following = Connection(service.port)
            await following.open()
            events = await following.events(f"/v1/jobs/{job['id']}/events")
            ended.append(time.perf_counter() - began)
            following.close()
            # A hint on the queue's position may come between them, and has no time of its own.
            at = {event["type"]: datetime.fromisoformat(event["at"]) for event in events if "seq" in event}
            claimed.append((at["job.running"] - at["job.queued"]).total_seconds())
        floor = await one_row_commits(service.postgres.url)
    report.add("floor: one committed row", f"p50 {percentile(floor, 0.5) * 1e3:.1f} ms")
    report.add("POST /v1/jobs answered", f"p50 {percentile(inserts, 0.5) * 1e3:.1f} ms")
    report.add("submit → claimed by an idle worker (Postgres' clock)", line(claimed), "p50 ≤ 5, p95 ≤ 12 ms")
    report.add("submit → terminal event at a client", line(ended), "p50 ≤ 10, p95 ≤ 20 ms")
    return report


def line(seconds: list[float]) -> str:
    """p50 and p95, in milliseconds."""
    return f"p50 {percentile(seconds, 0.5) * 1e3:.1f} ms, p95 {percentile(seconds, 0.95) * 1e3:.1f} ms"


async def one_row_commits(url: str) -> list[float]:
    """What the same machine takes for the least that is durable."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE floor (id int)")
    took = []
    for number in range(JOBS):
        began = time.perf_counter()
        await connection.execute("INSERT INTO floor VALUES ($1)", number)
        took.append(time.perf_counter() - began)
    await connection.close()
    return took
