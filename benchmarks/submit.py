"""What a durable submit costs over a bare insert, and what a frozen Redis does to it."""

from __future__ import annotations

import asyncio
import json
import time

from benchmarks.rig import Connection, Report, folder, median, percentile, program, wait_for_port
from embedded.ports import free_port
from embedded.postgres import running_postgres
from embedded.redis import running_redis

CONNECTIONS = 16
ROUNDS = 15
A_ROUND = 400


async def load(port: int, path: str, body: bytes, count: int) -> tuple[float, list[float]]:
    """`count` requests over some connections. Returns requests a second, and each one's seconds."""
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    for connection in connections:
        await connection.open()
    took: list[float] = []
    left = count

    async def client(connection: Connection) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            began = time.perf_counter()
            status, answer = await connection.request("POST", path, body)
            took.append(time.perf_counter() - began)
            if status != 202:
                raise RuntimeError(f"{path} answered {status}: {answer[:300]!r}")

    began = time.perf_counter()
    await asyncio.gather(*(client(connection) for connection in connections))
    rate = count / (time.perf_counter() - began)
    for connection in connections:
        connection.close()
    return rate, took


async def run() -> Report:
    """The benchmark."""
    report = Report("Submit")
    body = json.dumps({"agent": "execute", "input": {"code": "print(1)"}}).encode()
    with running_postgres(fsync=True) as postgres, running_redis() as redis, folder() as logs:
        env = {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        with program("-m", "migrations", env=env, log=logs / "log") as migrations:
            migrations.wait()
        ours, floor = free_port(), free_port()
        with (
            program("-m", "api", env=env | {"ACI_PORT": str(ours)}, log=logs / "log") as api,
            program("-m", "benchmarks.bare_route", str(floor), env=env, log=logs / "log") as bare,
        ):
            wait_for_port(ours, api)
            wait_for_port(floor, bare)
            for port, path in ((ours, "/v1/jobs"), (floor, "/bare")):
                await load(port, path, body, A_ROUND // 3)  # warm
            ratios, rates, normal = [], [], []
            for _ in range(ROUNDS):
                bare_rate, _ = await load(floor, "/bare", body, A_ROUND)
                rate, took = await load(ours, "/v1/jobs", body, A_ROUND)
                ratios.append(rate / bare_rate)
                rates.append((rate, bare_rate))
                normal += took
            report.add(
                "submits a second over HTTP : bare FastAPI route with one insert",
                f"{median(ratios):.2f} ({median([a for a, _ in rates]):.0f} : {median([b for _, b in rates]):.0f})",
                "≥ 0.85",
            )
            redis.pause()
            try:
                _, frozen = await load(ours, "/v1/jobs", body, 2 * A_ROUND)
            finally:
                redis.resume()
            report.add(
                "p99 of a submit while Redis is frozen : normally",
                f"{percentile(frozen, 0.99) / percentile(normal, 0.99):.2f}",
                "≤ 2",
            )
    return report
