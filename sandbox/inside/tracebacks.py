"""Tracebacks that show the user's lines and no others: those of cells, and of files that the user's code could write.

Where the interpreter, its packages and this server live is nothing that helps a user, so frames of theirs are left out,
in chained exceptions too. The exceptions themselves are not touched.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, Final

from IPython.core.ultratb import AutoFormattedTB

_SERVER: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
_NOT_THE_USERS: Final = tuple(
    f"{folder}/"
    for folder in {sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), f"{_SERVER}/sandbox"}  # noqa: PTH120
)
_ENDS_SHOWN: Final = 50


def is_users(filename: str) -> bool:
    """Whether a frame of this file is the user's own."""
    return not filename.startswith((*_NOT_THE_USERS, "<frozen "))


def users_frames(trace: TracebackType | None) -> TracebackType | None:
    """A copy of this traceback with the user's frames only; None when there is none.

    Of more than a hundred the middle is left out: to show a thousand takes seconds, and nobody reads them.
    """
    kept = []
    while trace is not None:
        if is_users(trace.tb_frame.f_code.co_filename):
            kept.append(trace)
        trace = trace.tb_next
    if len(kept) > 2 * _ENDS_SHOWN:
        kept = kept[:_ENDS_SHOWN] + kept[-_ENDS_SHOWN:]
    copy = None
    for entry in reversed(kept):
        copy = TracebackType(copy, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return copy


def plain(error: BaseException) -> str:
    """As Python itself would print it, for what IPython does not format: exception groups, and threads."""
    whole = traceback.TracebackException.from_exception(error)
    waiting = [whole]
    while waiting:
        part = waiting.pop()
        part.stack = traceback.StackSummary.from_list([entry for entry in part.stack if is_users(entry.filename)])
        linked = (part.__cause__, part.__context__, *(part.exceptions or ()))
        waiting += [other for other in linked if other is not None]
    return "".join(whole.format())


def of_thread(arguments: threading.ExceptHookArgs) -> None:
    """For threading.excepthook."""
    if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
        name = arguments.thread.name if arguments.thread is not None else "?"
        print(f"Exception in thread {name}:\n{plain(arguments.exc_value)}", end="", file=sys.stderr)


class UserTracebacks(AutoFormattedTB):  # type: ignore[misc]
    """IPython's own form."""

    def get_records(self, etb: TracebackType, context: int, tb_offset: int) -> Any:
        """The frames to be shown. The offset would skip frames of IPython's, which are gone already."""
        own = users_frames(etb)
        return super().get_records(own, context, 0) if own is not None else []
