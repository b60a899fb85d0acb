"""A reconnect storm: thousands of clients lose their API process at once, and come back to another one."""

from __future__ import annotations

import asyncio
import re
import time

from benchmarks.rig import Report, folder, median, percentile, program, wait_for_port
from benchmarks.service import running
from benchmarks.watching import Watcher, allow_many_files
from benchmarks.writing import Writer, writing
from embedded.ports import free_port

CLIENTS = 2000
JOBS = 200
ROUNDS = 3
BEFORE, MEANWHILE = 20, 30
"""Events of each job that were seen before the storm, and that were missed in it."""
ID = re.compile(rb"^id: (\d+)$", re.MULTILINE)


class Client:
    """Follows one job; knows the last number that it saw."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.last = 0
        self.wanted = asyncio.Event()
        self.until = 0
        self.twice = False
        self.watcher: Watcher | None = None

    def _heard(self, _: Watcher, data: bytes) -> None:
        for found in ID.findall(data):
            self.twice |= int(found) != self.last + 1
            self.last = int(found)
        if self.last >= self.until:
            self.wanted.set()

    async def caught_up(self, port: int, until: int) -> float:
        """Connect, again and again, and go on after what was seen. Returns when it has come to that number."""
        self.until = until
        self.wanted.clear()
        loop = asyncio.get_running_loop()
        while True:
            try:
                _, self.watcher = await loop.create_connection(
                    lambda: Watcher(self.path, self._heard, str(self.last) if self.last else ""), "127.0.0.1", port
                )
                await self.watcher.open
                break
            except OSError:
                await asyncio.sleep(0.05)
        await self.wanted.wait()
        return time.perf_counter()


async def storm(ports: tuple[int, int], writer: Writer, kill: object) -> list[float]:
    """Seconds until each client was back and had all that it missed. `kill` takes the first API away."""
    assert callable(kill)
    names = [await writer.job() for _ in range(JOBS)]
    for name in names:
        await writer.say(name, *["before"] * (BEFORE - 2))
    clients = [Client(f"/v1/jobs/{names[n % JOBS]}/events") for n in range(CLIENTS)]
    room = asyncio.Semaphore(100)

    async def first(client: Client) -> None:
        async with room:
            await client.caught_up(ports[0], BEFORE)

    await asyncio.gather(*(first(client) for client in clients))
    kill()
    await asyncio.gather(*(client.watcher.lost for client in clients if client.watcher))
    for name in names:
        await writer.say(name, *["meanwhile"] * MEANWHILE)
    began = time.perf_counter()
    ends = await asyncio.gather(*(client.caught_up(ports[1], BEFORE + MEANWHILE) for client in clients))
    if any(client.twice for client in clients):
        raise RuntimeError("a client saw a number twice, or missed one")
    for client in clients:
        if client.watcher:
            client.watcher.transport.abort()
    return [end - began for end in ends]


async def bare() -> float:
    """The floor: seconds until as many have opened a stream of a bare generator, and heard its first word."""
    port = free_port()
    with folder() as logs, program("-m", "benchmarks.bare_stream", str(port), env={}, log=logs / "log") as process:
        wait_for_port(port, process)
        loop = asyncio.get_running_loop()

        async def one() -> Watcher:
            _, watcher = await loop.create_connection(lambda: Watcher("/", lambda *_: None), "127.0.0.1", port)
            await watcher.open
            return watcher

        began = time.perf_counter()
        watchers = await asyncio.gather(*(one() for _ in range(CLIENTS)))
        took = time.perf_counter() - began
        for watcher in watchers:
            watcher.transport.abort()
        return took


async def run() -> Report:
    """The benchmark."""
    allow_many_files()
    report = Report(f"{CLIENTS:,} clients lose their API process at once and come to another, without waiting")
    halves, alls, floors = [], [], []
    with running(worker=False) as service:
        for _ in range(ROUNDS):
            floors.append(await bare())
            port = free_port()
            env = service.env | {"ACI_PORT": str(port)}
            async with writing(service) as writer:
                with program("-m", "api", env=env, log=service.logs / "api-2") as other:
                    wait_for_port(port, other)
                    took = await storm((port, service.port), writer, other.kill)
            halves.append(percentile(took, 0.5))
            alls.append(max(took))
    report.add("half of them are back, with all that they missed", f"{median(halves):.1f} s")
    report.add("all of them are", f"{median(alls):.1f} s", "≤ 10 s")
    report.add("floor: as many open a stream of a bare generator", f"{median(floors):.1f} s")
    return report
