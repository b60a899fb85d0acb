"""What an open stream costs beside a bare generator: memory, and the time until an event has come to all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import psutil

from benchmarks.rig import Report, folder, median, program, wait_for_port
from benchmarks.service import running
from benchmarks.watching import Marks, Watcher, allow_many_files, watch
from benchmarks.writing import Writer, writing
from embedded.ports import free_port

STREAMS = 5000
WARM = 100
SAID = 15
ROUNDS = 3


async def measured(
    port: int, process: psutil.Process, paths: list[str], say: Callable[[bytes], Awaitable[float]]
) -> tuple[float, list[float], float]:
    """KiB a stream, milliseconds of each fan-out, and seconds to open them all. `say` returns when it said it."""
    marks = Marks()
    warm = await watch(port, [paths[0]] * WARM, marks.heard)
    await _heard(marks, say, b"#warm#", WARM)
    before = process.memory_info().rss
    began = time.perf_counter()
    watchers = warm + await watch(port, paths[WARM:], marks.heard)
    opened = time.perf_counter() - began
    took = [await _heard(marks, say, f"#{number}#".encode(), len(paths)) for number in range(SAID)]
    size = (process.memory_info().rss - before) / 1024 / (len(paths) - WARM)
    await _closed(watchers)
    return size, took, opened


async def _heard(marks: Marks, say: Callable[[bytes], Awaitable[float]], mark: bytes, count: int) -> float:
    marks.expect(mark, count)
    said = await say(mark)
    return (max(await marks.all()) - said) * 1e3


async def _closed(watchers: list[Watcher]) -> None:
    for watcher in watchers:
        watcher.transport.abort()
    await asyncio.gather(*(watcher.lost for watcher in watchers))
    await asyncio.sleep(0.5)  # the server is to notice before the next round


async def bare(count: int) -> tuple[float, list[float], float]:
    """The floor, in a process of its own."""
    port = free_port()
    with (
        folder() as logs,
        program("-m", "benchmarks.bare_stream", str(port), env={}, log=logs / "log") as process,
    ):
        wait_for_port(port, process)

        async def say(mark: bytes) -> float:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = b"data: " + mark + b"\n\n"
            said = time.perf_counter()
            writer.write(b"POST /say HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await reader.readline()
            writer.close()
            return said

        return await measured(port, psutil.Process(process.pid), ["/"] * count, say)


async def ours(count: int, jobs: int) -> tuple[float, list[float], float]:
    """The service: an event that was committed, published, and comes to all that watch its job."""
    with running(worker=False) as service:
        async with writing(service) as writer:
            names = [await writer.job() for _ in range(jobs)]
            paths = [f"/v1/jobs/{names[n % jobs]}/events" for n in range(count)]
            process = psutil.Process(service.api.pid)
            if jobs > 1:
                return await _of_many(writer, service.port, process, paths)

            async def say(mark: bytes) -> float:
                return await writer.say(names[0], mark.decode())

            return await measured(service.port, process, paths, say)


async def _of_many(
    writer: Writer, port: int, process: psutil.Process, paths: list[str]
) -> tuple[float, list[float], float]:
    """Memory alone, of streams that each follow another job."""
    marks = Marks()
    warm = await watch(port, paths[:WARM], marks.heard)
    before = process.memory_info().rss
    began = time.perf_counter()
    watchers = warm + await watch(port, paths[WARM:], marks.heard)
    opened = time.perf_counter() - began
    await asyncio.sleep(3)  # its upkeep looks at all of them
    size = (process.memory_info().rss - before) / 1024 / (len(paths) - WARM)
    await _closed(watchers)
    return size, [0.0], opened


async def run() -> Report:
    """The benchmark."""
    allow_many_files()
    report = Report(f"{STREAMS:,} open streams in one API process, beside a bare generator on uvicorn")
    sizes, fans, opens = [], [], []
    for _ in range(ROUNDS):
        floor = await bare(STREAMS)
        figure = await ours(STREAMS, 1)
        sizes.append((figure[0], floor[0]))
        fans.append((median(figure[1]), median(floor[1])))
        opens.append((figure[2], floor[2]))
    for what, pairs, unit, target in (
        ("memory of a stream : bare", sizes, "KiB", "≤ 2"),
        ("an event has come to all : bare", fans, "ms", "≤ 2"),
        ("opening all : bare", opens, "s", ""),
    ):
        ratio = median([a / b for a, b in pairs])
        ours_, bare_ = median([a for a, _ in pairs]), median([b for _, b in pairs])
        digits = 1 if unit == "s" else 0
        report.add(what, f"{ratio:.2f} ({ours_:.{digits}f} : {bare_:.{digits}f} {unit})", target)
    own, _, _ = await ours(STREAMS, STREAMS)
    report.add("memory of a stream that follows a job of its own", f"{own:.0f} KiB")
    return report
