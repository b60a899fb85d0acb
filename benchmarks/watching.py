"""Thousands of stream clients in one process: each a protocol that looks for what it waits for, and parses nothing.

`python -m benchmarks.watching PORT COUNT PATH` opens that many on one path, says so by a line, and reads until its own
standard input ends: company for those whose times are taken, on another processor.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

OPENED_AT_ONCE = 100


def allow_many_files() -> None:
    """As many connections as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Watcher(asyncio.Protocol):
    """One client of one stream."""

    def __init__(self, path: str, heard: Callable[[Watcher, bytes], None], last: str = "") -> None:
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (f"Last-Event-ID: {last}\r\n" if last else "")
        self._heard = heard
        self.open = asyncio.get_running_loop().create_future()
        """Set with the first bytes after the head."""
        self.lost = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self.transport = transport
        self.transport.write(f"{self._request}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """Something of the stream."""
        if not self.open.done():
            if not data.startswith(b"HTTP/1.1 200"):
                self.open.set_exception(RuntimeError(repr(data[:200])))
                return
            self.open.set_result(None)
        self._heard(self, data)

    def connection_lost(self, error: Exception | None) -> None:
        """The stream is over."""
        if not self.open.done():
            self.open.set_exception(error or ConnectionResetError("closed before it began"))
        if not self.lost.done():
            self.lost.set_result(time.perf_counter())


async def watch(port: int, paths: Sequence[str], heard: Callable[[Watcher, bytes], None]) -> list[Watcher]:
    """Open a stream for each path. Returns when all of them have begun."""
    loop = asyncio.get_running_loop()
    room = asyncio.Semaphore(OPENED_AT_ONCE)

    async def one(path: str) -> Watcher:
        async with room:
            _, watcher = await loop.create_connection(lambda: Watcher(path, heard), "127.0.0.1", port)
            await watcher.open
            return watcher

    return list(await asyncio.gather(*(one(path) for path in paths)))


class Marks:
    """Waits until a text has come to so many watchers, and knows when it came to each."""

    def __init__(self) -> None:
        self._mark = b""
        self._left = 0
        self.came: list[float] = []
        self._all = asyncio.Event()

    def expect(self, mark: bytes, count: int) -> None:
        """From now on."""
        self._mark, self._left, self.came = mark, count, []
        self._all.clear()

    def heard(self, _: Watcher, data: bytes) -> None:
        """What watchers call."""
        if self._mark and self._mark in data:
            self.came.append(time.perf_counter())
            self._left -= 1
            if not self._left:
                self._mark = b""
                self._all.set()

    async def all(self) -> list[float]:
        """When it came to each of them."""
        async with asyncio.timeout(60):
            await self._all.wait()
        return self.came


async def main() -> None:
    """Company."""
    allow_many_files()
    port, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    watchers = await watch(port, [path] * count, lambda _watcher, _data: None)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for watcher in watchers:
        watcher.transport.abort()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
