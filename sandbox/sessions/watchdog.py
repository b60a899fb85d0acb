"""Memory summed over a session's processes, for machines without a writable cgroup.

Resident pages are summed first, which counts shared pages too often and costs little; only a sum over the limit is
looked at again with proportional shares. A process whose shares can't be read counts with all its resident pages. What
waits in sockets is in no process's pages: each counts as if it were full.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path
from typing import Final

INTERVAL_SECONDS: Final = 0.1
_PAGE: Final = resource.getpagesize()
_USUAL_BUFFER: Final = 425_984


def descendants(pid: int) -> list[int]:
    """`pid` and all below it. In a session nothing leaves the tree: its PID 1 adopts orphans."""
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{current}/task"):  # noqa: PTH208
                with contextlib.suppress(OSError, ValueError):
                    waiting += map(int, _read(f"/proc/{current}/task/{task}/children").split())
    return found


def _read(path: str) -> bytes:
    """All of a file of /proc. Ten times a second for each session, so by the shortest way there is."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.readall()


def _resident(pid: int) -> int:
    try:
        return int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return _resident(pid)


def _largest_buffer() -> int:
    """The largest send buffer that a socket may have; the kernel doubles what is asked for (socket(7))."""
    try:
        return 2 * int(Path("/proc/sys/net/core/wmem_max").read_text())
    except (OSError, ValueError):
        return _USUAL_BUFFER


_BUFFER: Final = _largest_buffer()


def _in_sockets(pid: int) -> int:
    """What the sockets of this process's network namespace, the session's own, can hold."""
    try:
        return int(_read(f"/proc/{pid}/net/sockstat").split()[2]) * _BUFFER
    except (OSError, IndexError, ValueError):
        return 0


def exceeds(first_process: int, limit: int) -> bool:
    """Whether the session of this first process uses more than `limit` bytes of memory."""
    processes = descendants(first_process)
    limit -= _in_sockets(first_process)
    if sum(map(_resident, processes)) <= limit:
        return False
    return sum(map(_proportional, processes)) > limit
