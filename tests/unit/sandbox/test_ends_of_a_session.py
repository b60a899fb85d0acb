"""How a run's end is taken from a session that is at its own end meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.files.workspace import Workspace
from sandbox.inside import channel
from sandbox.sessions.run import Limit, Run
from sandbox.sessions.session import Bounds, Handles, Session


@dataclass
class Inside:
    """A session whose runner and init are played by the test."""

    session: Session
    runner: socket.socket
    init: socket.socket

    async def begin(self) -> Run:
        """A run that has started."""
        run = self.session.begin({"code": ""}, None)
        await self.say({"started": run.number})
        return run

    async def say(self, *frames: dict[str, Any]) -> None:
        """All of it at once, as the runner."""
        self.runner.sendall(b"".join(map(channel.encode, frames)))
        await settled()

    async def sweep(self) -> None:
        """Do as the init was told."""
        order = json.loads(self.init.recv(1000))
        self.init.sendall(json.dumps({"swept": order["sweep"]}).encode())
        await settled()


async def settled() -> None:
    """What is in the sockets has been read."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Stands for both of the session's processes."""
    started = subprocess.Popen(["sleep", "1000"])
    yield started
    started.kill()
    started.wait()


@pytest.fixture
async def inside(process: subprocess.Popen[bytes], tmp_path: Path) -> AsyncIterator[Inside]:
    control, runner = socket.socketpair()
    orders, init = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.setblocking(False)
    (stdout, its_stdout), (stderr, its_stderr) = os.pipe(), os.pipe()
    for pipe in (stdout, stderr):
        os.set_blocking(pipe, False)
    workspace = Workspace(os.open(tmp_path, os.O_RDONLY), None, 1000)
    pidfds = os.pidfd_open(process.pid), os.pidfd_open(process.pid)
    handles = Handles(process.pid, *pidfds, control, orders, stdout, stderr, workspace, None)
    session = Session("s", handles, Bounds(1000, 1000, 100.0, 100.0, 100.0), lambda: None, lambda _: None)
    yield Inside(session, runner, init)
    session.ended(-signal.SIGKILL)
    for end in (its_stdout, its_stderr):
        os.close(end)
    runner.close()
    init.close()


async def test_an_end_twice_is_none_though_what_it_left_is_cleared_away(inside: Inside) -> None:
    """The first process may have done as it was told before the signal that ends it came."""
    run = await inside.begin()
    end = {"ended": run.number, "exitCode": 0, "limit": None, "left": True}
    await inside.say(end, end)
    await inside.sweep()
    assert run.end is None
    inside.session.ended(-signal.SIGKILL)
    assert run.end is not None
    assert (run.end.limit, run.end.session_ended) == (Limit.PROTOCOL, True)


async def test_an_end_that_left_something_is_one_when_that_is_cleared_away(inside: Inside) -> None:
    run = await inside.begin()
    await inside.say({"ended": run.number, "exitCode": 3, "limit": None, "left": True})
    assert run.end is None
    await inside.sweep()
    assert run.end is not None
    assert (run.end.exit_code, run.end.limit, run.end.session_ended) == (3, None, False)
