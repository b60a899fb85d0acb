"""Two hundred answers that stream at once through one worker process: what is added to a token, and what it costs."""

from __future__ import annotations

import asyncio
import json
import re
import time

import asyncpg
import psutil

from benchmarks.rig import Connection, Report, percentile
from benchmarks.service import AGENTS, Running, running
from benchmarks.watching import Watcher, allow_many_files, watch

JOBS = 200
A_SECOND = 50
SECONDS = 12
SETTLED_S = 3
"""After the start, in which all of them begin at once, before anything is counted."""
TOKEN = re.compile(rb"(\d+\.\d{4}) ")


class Arrivals:
    """When each token was said, and how long it took to arrive."""

    def __init__(self) -> None:
        self.all: list[tuple[float, float]] = []

    def heard(self, _: Watcher, data: bytes) -> None:
        """What watchers call. A token that is torn between two reads is left out."""
        now = time.monotonic()
        self.all += [(said, now - said) for said in map(float, TOKEN.findall(data))]

    def between(self, start: float, stop: float) -> list[float]:
        """Delays of tokens that were said in this time."""
        return [delay for said, delay in self.all if start <= said < stop]


async def submitted(port: int, input_: dict[str, object], count: int) -> list[str]:
    """Jobs of the agent that talks."""
    connection = Connection(port)
    await connection.open()
    names = []
    for _ in range(count):
        status, answer = await connection.request(
            "POST", "/v1/jobs", json.dumps({"agent": "chatter", "input": input_}).encode()
        )
        if status != 202:
            raise RuntimeError(f"a submit was answered {status}: {answer[:300]!r}")
        names.append(json.loads(answer)["id"])
    connection.close()
    return names


async def measured(service: Running) -> tuple[Arrivals, float, float, dict[str, float]]:
    """Arrivals, when they settled, transactions a second, and the processor time that each program took of a second."""
    arrivals = Arrivals()
    database = await asyncpg.connect(service.postgres.url)
    names = await submitted(service.port, {"count": SECONDS * A_SECOND, "every_s": 1 / A_SECOND}, JOBS)
    await watch(service.port, [f"/v1/jobs/{name}/events" for name in names], arrivals.heard)
    await asyncio.sleep(SETTLED_S)
    settled, first = time.monotonic(), await database.fetchval("SELECT now()")
    programs = {"worker": service.worker, "api": service.api}
    used = {name: _cpu(each.pid) for name, each in programs.items() if each}
    await asyncio.sleep(SECONDS - SETTLED_S - 1)
    took, last = time.monotonic() - settled, await database.fetchval("SELECT now()")
    share = {name: (_cpu(each.pid) - used[name]) / took for name, each in programs.items() if each}
    while await database.fetchval("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"):  # noqa: ASYNC110  (other processes do the work)
        await asyncio.sleep(0.1)
    # A row names the transaction that wrote it.
    written = await database.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM events WHERE at > $1 AND at <= $2", first, last
    )
    await database.close()
    return arrivals, settled, written / took, share


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def run() -> Report:
    """The benchmark."""
    allow_many_files()
    report = Report(f"{JOBS} jobs that say {A_SECOND} tokens a second each, in one worker process")
    with running(
        ACI_AGENTS=f"{AGENTS},benchmarks.chatter:SPEC", ACI_WORKER_SLOTS=str(JOBS), ACI_EVENT_FLUSH_S="0.03"
    ) as service:
        arrivals, settled, transactions, share = await measured(service)
    length = (SECONDS - SETTLED_S - 1) / 3
    for name, start in (("first", settled), ("last", settled + 2 * length)):
        part = arrivals.between(start, start + length)
        if not part:
            raise RuntimeError("no tokens arrived")
        report.add(
            f"emit → bytes at a client, the {name} third",
            f"p50 {percentile(part, 0.5) * 1e3:.0f} ms, p95 {percentile(part, 0.95) * 1e3:.0f} ms",
            "p95 ≤ 60 ms, and no more at the end",
        )
    report.add(
        "tokens a second that arrived", f"{len(arrivals.between(settled, settled + 3 * length)) / 3 / length:,.0f}"
    )
    report.add("transactions a second for all their events", f"{transactions:.0f}", "≤ 50")
    report.add("processor time", ", ".join(f"{name} {part * 100:.0f} %" for name, part in share.items()))
    return report
