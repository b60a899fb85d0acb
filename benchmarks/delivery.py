"""How long an event takes from its commit in a worker to its bytes at a client, with few and many watching."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from benchmarks.rig import ROOT, Report, folder, percentile, program, wait_for_port
from benchmarks.service import running
from benchmarks.watching import Marks, Watcher, allow_many_files, watch
from benchmarks.writing import writing
from embedded.ports import free_port

MANY = 1000
SAMPLED = 20
"""Of many watchers, those whose times are taken; the others are read by another process."""
EVENTS = 200
PAUSE_S = 0.02

Say = Callable[[bytes], Awaitable[float]]


@contextlib.asynccontextmanager
async def company(port: int, count: int, path: str) -> AsyncIterator[None]:
    """Further watchers, in a process of their own."""
    if not count:
        yield
        return
    others = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.watching", str(port), str(count), path),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert others.stdout and others.stdin
    try:
        if await others.stdout.readline() != b"open\n":
            raise RuntimeError("the other watchers could not be opened")
        yield
    finally:
        others.stdin.close()
        await others.wait()


async def delays(port: int, paths: Sequence[str], say: Say) -> list[float]:
    """Seconds from the commit until each sampled watcher had it."""
    marks = Marks()
    watchers: list[Watcher] = await watch(port, paths, marks.heard)
    took: list[float] = []
    for number in range(EVENTS):
        marks.expect(f"#{number}#".encode(), len(watchers))
        committed = await say(f"#{number}#".encode())
        took += [came - committed for came in await marks.all()]
        await asyncio.sleep(PAUSE_S)
    for watcher in watchers:
        watcher.transport.abort()
    return took


async def bare(count: int) -> list[float]:
    """The floor: told over HTTP, and passed on by a bare generator."""
    port = free_port()
    with folder() as logs, program("-m", "benchmarks.bare_stream", str(port), env={}, log=logs / "log") as process:
        wait_for_port(port, process)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def say(mark: bytes) -> float:
            body = b"data: " + mark + b"\n\n"
            said = time.perf_counter()
            writer.write(b"POST /say HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await reader.readuntil(b"\r\n\r\n")
            return said

        sampled = min(count, SAMPLED)
        async with company(port, count - sampled, "/"):
            took = await delays(port, ["/"] * sampled, say)
        writer.close()
        return took


async def run() -> Report:
    """The benchmark."""
    allow_many_files()
    report = Report("From the commit of an event to its bytes at a client")
    with running(worker=False) as service:
        async with writing(service) as writer:
            for what, count, of_one in (
                ("1 watcher", 1, True),
                (f"{MANY:,} streams are open, 1 of them of this job", MANY, False),
                (f"{MANY:,} watchers of this job", MANY, True),
            ):
                job, other = await writer.job(), await writer.job()
                path, elsewhere = f"/v1/jobs/{job}/events", f"/v1/jobs/{other}/events"
                sampled = min(count, SAMPLED) if of_one else 1

                async def say(mark: bytes, job: str = job) -> float:
                    return await writer.say(job, mark.decode())

                floor = await bare(count if of_one else 1)
                async with company(service.port, count - sampled, path if of_one else elsewhere):
                    took = await delays(service.port, [path] * sampled, say)
                report.add(what, line(took), "p50 ≤ 2.5, p95 ≤ 6 ms")
                report.add("– floor: a bare generator, told over HTTP", line(floor))
    return report


def line(seconds: Sequence[float]) -> str:
    """p50 and p95, in milliseconds."""
    return f"p50 {percentile(seconds, 0.5) * 1e3:.1f} ms, p95 {percentile(seconds, 0.95) * 1e3:.1f} ms"
