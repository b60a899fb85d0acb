"""What a run leaves behind when it ends: processes, threads, and children that nobody waited for.

All of it ends with the run; a command that is to go on is started as a task. Processes are cleared away by the
session's init, which the server asks for that; here it is only found out whether there are any. Code that does not want
to be found harms its own session alone, and ends with it at the latest.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from types import FrameType

from sandbox.inside.tracebacks import is_users


def has_processes() -> bool:
    """Whether the session has more processes than its init, which can't be seen from here, and the runner."""
    own = {"1", str(os.getpid())}
    try:
        return any(name.isdigit() and name not in own for name in os.listdir("/proc"))  # noqa: PTH208
    except OSError:  # no descriptor is left
        return True


def reap() -> None:
    """Collect the children that were ended with the run before: as zombies they would count as processes."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def end_threads() -> None:
    """Raise SystemExit in each thread that is inside of the user's code.

    Idle workers of a pool are none of these: the next run may want the pool.
    """
    if threading.active_count() == 1:
        return
    own = threading.get_ident()
    for ident, frame in sys._current_frames().items():
        if ident != own and _runs_users_code(frame):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))


def _runs_users_code(frame: FrameType | None) -> bool:
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return True
        frame = frame.f_back
    return False
