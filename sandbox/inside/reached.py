"""Which of a session's limits an error means, so that the user is told by name and not only by an errno.

The names are those of `sandbox.sessions.run.Reached`. Where an errno can mean several things, the state of the session
decides.
"""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

from sandbox.confinement.root import WORK_FOLDER


def limit_of(error: BaseException | None) -> str | None:
    """The limit's name, or None for an error of any other kind. Never raises."""
    try:
        if isinstance(error, MemoryError):
            return "memory-limit"
        if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
            return "process-limit"
        if isinstance(error, OSError):
            return _of_errno(error.errno)
    except Exception:
        return None
    return None


def _of_errno(number: int | None) -> str | None:
    if number == errno.EMFILE:
        return "descriptor-limit"
    if number == errno.EFBIG:
        return "disk-limit"
    if number == errno.ENOSPC:
        folders = (WORK_FOLDER, os.environ.get("TMPDIR", WORK_FOLDER), "/dev/shm")  # noqa: S108
        return "inode-limit" if any(os.statvfs(folder).f_favail == 0 for folder in folders) else "disk-limit"
    if number == errno.EAGAIN and _tasks() >= resource.getrlimit(resource.RLIMIT_NPROC)[0] - 1:
        return "process-limit"
    return None


def _tasks() -> int:
    """Processes and threads of the session."""
    return sum(
        len(list(process.joinpath("task").iterdir())) for process in Path("/proc").iterdir() if process.name.isdigit()
    )
