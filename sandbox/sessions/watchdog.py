"""Memory summed over a session's processes, for machines without a writable cgroup.

Resident pages are summed first, which counts shared pages too often and costs little; only a sum over the limit is
looked at again with proportional shares. A process whose shares can't be read counts with all its resident pages.
"""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path
from typing import Final

INTERVAL_SECONDS: Final = 0.1
_PAGE: Final = resource.getpagesize()


def descendants(pid: int) -> list[int]:
    """`pid` and all below it. In a session nothing leaves the tree: its PID 1 adopts orphans."""
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{current}/task").iterdir():
                with contextlib.suppress(OSError, ValueError):
                    waiting += [int(child) for child in (task / "children").read_text().split()]
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
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


def exceeds(first_process: int, limit: int) -> bool:
    """Whether the session of this first process uses more than `limit` bytes of memory."""
    processes = descendants(first_process)
    if sum(map(_resident, processes)) <= limit:
        return False
    return sum(map(_proportional, processes)) > limit
