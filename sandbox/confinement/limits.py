"""The numbers a session must keep to, and those of them that the kernel counts per process (setrlimit(2)).

Sums over a session's processes are not rlimits: memory is the cgroup's or the watchdog's, disk is the size of the
session's tmpfs mounts.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may use. All of them hold from before the first line of user code."""

    memory_bytes: int
    """Memory of all processes together; one process alone gets MemoryError an eighth below it."""
    processes: int
    """Processes and threads together."""
    disk_bytes: int
    """The work folder, which is in memory; a quarter of it again for the temporary folder."""
    cpu_seconds: int
    """Processor time of any one process."""
    open_files: int
    """Descriptors of any one process."""
    cpus: float
    """Processor cores that all processes together may keep busy, where a cgroup can hold them to it."""


def address_space_now() -> int:
    """Bytes of address space that this process has mapped already (libraries, mostly)."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def apply_rlimits(limits: Limits, inherited_address_space: int) -> None:
    """Set soft and hard limits alike, so that code can't raise them.

    `inherited_address_space` is what the warm interpreter has mapped before any user code; it is given on top. An
    eighth is kept back so that the common case, one process that asks for too much, ends in MemoryError and not in
    the end of its session.
    """
    rules = {
        resource.RLIMIT_AS: limits.memory_bytes * 7 // 8 + inherited_address_space,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_FSIZE: limits.disk_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_STACK: 8 * MEGABYTE,
        resource.RLIMIT_MEMLOCK: MEGABYTE,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 256,
        resource.RLIMIT_CORE: 0,
    }
    for what, value in rules.items():
        _, hard = resource.getrlimit(what)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # At the soft limit of processor time comes SIGXCPU, which has a name; at the hard one SIGKILL, which has none.
        ceiling = bound + 1 if what == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else bound
        resource.setrlimit(what, (bound, ceiling))
