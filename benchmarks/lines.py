"""A program that prints a million lines: what it costs in memory everywhere, and what reading it again costs."""

from __future__ import annotations

import asyncio
import json
import time

import asyncpg
import psutil

from benchmarks.chatter import LINE
from benchmarks.rig import Report
from benchmarks.service import AGENTS, running
from benchmarks.tokens import submitted
from benchmarks.watching import Watcher, allow_many_files, watch
from core.database.pool import IN_ORDER_OF_INDEX
from core.events import log

LINES = 1_000_000
READERS = 20
"""Who read it again at the same time."""
MB = 1024 * 1024


class Memory:
    """The most that a process has had since the look began."""

    def __init__(self, **processes: int) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in processes.items()}
        self._before = {name: process.memory_info().rss for name, process in self._processes.items()}
        self._most = dict(self._before)
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            for name, process in self._processes.items():
                self._most[name] = max(self._most[name], process.memory_info().rss)
            await asyncio.sleep(0.05)

    def grown(self) -> dict[str, float]:
        """MiB."""
        self._task.cancel()
        return {name: (most - self._before[name]) / MB for name, most in self._most.items()}


class Reader:
    """Counts what came."""

    def __init__(self) -> None:
        self.size = 0

    def heard(self, _: Watcher, data: bytes) -> None:
        """What a watcher calls."""
        self.size += len(data)


async def exact(port: int, path: str) -> bool:
    """Whether a replay is the program's output to the last character."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
    expected, held = 0, ""
    while line := await reader.readline():
        if line.startswith(b"data: "):
            event = json.loads(line[6:])
            if event["type"] == "stdout":
                held += event["text"]
                *whole, held = held.split("\n")
                for one in whole:
                    if one + "\n" != LINE.format(expected):
                        return False
                    expected += 1
    writer.close()
    return expected == LINES and not held


async def run() -> Report:
    """The benchmark."""
    allow_many_files()
    report = Report(f"A program that prints {LINES:,} lines ({LINES * len(LINE.format(0)) / MB:.0f} MiB)")
    with running(ACI_AGENTS=f"{AGENTS},benchmarks.chatter:SPEC") as service:
        assert service.worker is not None
        database = await asyncpg.connect(service.postgres.url)
        await submitted(service.port, {"count": 1, "says": "lines"}, 1)
        await asyncio.sleep(2)
        memory = Memory(worker=service.worker.pid, api=service.api.pid)
        began = time.perf_counter()
        [name] = await submitted(service.port, {"count": LINES, "says": "lines"}, 1)
        path = f"/v1/jobs/{name}/events"
        live = Reader()
        [watcher] = await watch(service.port, [path], live.heard)
        took = await watcher.lost - began
        grown = memory.grown()
        report.add("printed, stored and followed by one watcher", f"{took:.1f} s, {LINES / took:,.0f} lines a second")
        report.add("memory meanwhile: worker, API", f"+{grown['worker']:.0f}, +{grown['api']:.0f} MiB", "constant")
        events = await database.fetchval("SELECT count(*) FROM events")
        report.add("events in the log", f"{events:,}")
        report.add("a replay is the output to the last character", "yes" if await exact(service.port, path) else "NO")
        memory = Memory(api=service.api.pid)
        readers = [Reader() for _ in range(READERS)]
        began = time.perf_counter()
        watchers = [(await watch(service.port, [path], reader.heard))[0] for reader in readers]
        ends = await asyncio.gather(*(one.lost for one in watchers))
        rate = sum(reader.size for reader in readers) / MB / (max(ends) - began)
        report.add(f"{READERS} who read it again at once", f"{rate:.0f} MiB a second")
        report.add("memory meanwhile: API", f"+{memory.grown()['api']:.0f} MiB", "constant")
        for name, value in IN_ORDER_OF_INDEX.items():
            await database.execute(f"SET {name} = {value}")
        plan = await database.fetch("EXPLAIN (COSTS OFF) " + log._PAGES, [], [], 128, 1)
        scans = sorted({row[0].strip(" ->") for row in plan if "Scan" in row[0] and "events" in row[0]})
        report.add("how the log is read", "; ".join(scans))
        await database.close()
    return report
