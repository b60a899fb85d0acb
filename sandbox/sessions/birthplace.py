"""Makes one confined session: its descriptors, its cgroup, the order to the zygote, and the wait until it is ready.

Either a ready session comes out, or an error and nothing left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import Any, Final

from sandbox.confinement.cgroups import Cgroups, SessionGroup
from sandbox.confinement.limits import Limits
from sandbox.files.workspace import Workspace
from sandbox.inside import channel
from sandbox.sessions.session import Bounds, Handles, Session
from sandbox.sessions.zygote_process import ZygoteFailed, ZygoteProcess

_READY_SECONDS: Final = 20.0


async def make_session(
    session_id: str,
    host_id: int,
    nice: int,
    limits: Limits,
    bounds: Bounds,
    zygote: ZygoteProcess,
    cgroups: Cgroups | None,
    on_use: Callable[[], None],
    on_end: Callable[[Session], None],
) -> Session:
    """A session that waits for its first run. Raises ZygoteFailed with the step that failed."""
    with contextlib.ExitStack() as on_failure:
        group = _make_group(session_id, limits, cgroups, on_failure)
        ends, init, pid = await _order(session_id, host_id, nice, limits, zygote, group, on_failure)
        control, orders, stdout, stderr = ends
        work, runner = await _ready(control)
        on_failure.pop_all()
    owner = host_id if zygote.way == "root" else None
    workspace = Workspace(work, owner, limits.disk_bytes)
    handles = Handles(pid, init, runner, control, orders, stdout, stderr, workspace, group)
    return Session(session_id, handles, bounds, on_use, on_end)


def _make_group(
    session_id: str, limits: Limits, cgroups: Cgroups | None, on_failure: contextlib.ExitStack
) -> SessionGroup | None:
    if cgroups is None:
        return None
    try:
        group = cgroups.make(session_id, limits)
    except OSError as error:
        raise ZygoteFailed(f"no control group for the session: {error}") from error
    on_failure.callback(group.remove)
    return group


async def _order(
    session_id: str,
    host_id: int,
    nice: int,
    limits: Limits,
    zygote: ZygoteProcess,
    group: SessionGroup | None,
    on_failure: contextlib.ExitStack,
) -> tuple[tuple[socket.socket, socket.socket, int, int], int, int]:
    """((control, orders, stdout, stderr), pidfd, pid); the session's ends of the descriptors are closed here again."""
    with contextlib.ExitStack() as theirs:
        control, control_end = socket.socketpair()
        orders, orders_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for ours, end in ((control, control_end), (orders, orders_end)):
            theirs.callback(end.close)
            on_failure.callback(ours.close)
        descriptors = [control_end.fileno(), orders_end.fileno()]
        pipes = []
        for _ in range(2):
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            theirs.callback(os.close, writing)
            on_failure.callback(os.close, reading)
            pipes.append(reading)
            descriptors.append(writing)
        for entrance in group.open_entrances() if group else []:
            theirs.callback(os.close, entrance)
            descriptors.append(entrance)
        pid, init = await zygote.make(session_id, limits, nice, host_id, descriptors)
    on_failure.callback(os.close, init)
    on_failure.callback(_kill, init)
    return (control, orders, pipes[0], pipes[1]), init, pid


def _kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


async def _ready(control: socket.socket) -> tuple[int, int]:
    """The first frame comes from our own code, before any of the user's: (work folder, pidfd of the runner)."""
    control.setblocking(False)
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(control, readable.set)
    try:
        await asyncio.wait_for(readable.wait(), _READY_SECONDS)
        data, descriptors, _, _ = socket.recv_fds(control, channel.MAX_REPLY_BYTES, 2)
    except (TimeoutError, OSError) as error:
        raise ZygoteFailed("the session did not get ready") from error
    finally:
        loop.remove_reader(control)
    frames: list[dict[str, Any]] = channel.FrameReader().feed(data)
    if len(descriptors) != 2 or not frames or not frames[0].get("ready"):
        for descriptor in descriptors:
            os.close(descriptor)
        raise ZygoteFailed(str(frames[0].get("failed", "")) if frames else "the session ended at once")
    return descriptors[0], descriptors[1]
