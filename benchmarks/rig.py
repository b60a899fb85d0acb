"""What benchmarks stand on: real servers, the real processes, a client that costs little, and figures made readable."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def program(*words: str, env: Mapping[str, str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of ours, running inside the block."""
    with contextlib.ExitStack() as cleanup:
        output = cleanup.enter_context((log or Path(os.devnull)).open("ab"))
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env={**os.environ, **env}, stdout=output, stderr=output
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes], patience_s: float = 60) -> None:
    """Return when something listens. Raises RuntimeError when the process ends first."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port} after {patience_s} s")


class Connection:
    """HTTP/1.1 over one kept connection, by hand: a client library would cost more than what is measured."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 24)

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body."""
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return int(head[9:12]), await self._reader.readexactly(length) if length else b""

    async def events(self, path: str) -> Sequence[dict[str, Any]]:
        """All events of a stream, to its end; the connection is used up."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode())
        found = []
        while line := await self._reader.readline():
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                found.append(event)
                if event["type"] in ("job.succeeded", "job.failed", "job.cancelled", "job.expired"):
                    break
        return found

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


@dataclass
class Report:
    """Rows of one benchmark."""

    title: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, figure: str, target: str = "") -> None:
        """One line."""
        self.rows.append((what, figure, target))
        print(f"    {what}: {figure}" + (f"   (target {target})" if target else ""), flush=True)

    def markdown(self) -> str:
        """As a table of a document."""
        lines = [f"### {self.title}", "", "| | measured | target |", "|---|---|---|"]
        return "\n".join(lines + [f"| {what} | {figure} | {target} |" for what, figure, target in self.rows])


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder."""
    with tempfile.TemporaryDirectory(prefix="aci-bench-") as path:
        yield Path(path)
