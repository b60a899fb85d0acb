"""What went wrong, told in the user's own lines."""

import os
import traceback
from typing import Any

TRACEBACK_LINES = 100

OURS = os.path.dirname(__file__)
"""What lies here is not the program's."""


def error_of(error: BaseException, name: str) -> "dict[str, Any]":
    """What went wrong, in the user's own lines: our own frames are left out."""
    line = None
    if isinstance(error, SyntaxError) and error.filename == name:
        lines = traceback.format_exception_only(type(error), error)
        line = error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == name:
                line = frame.lineno
        whole = traceback.TracebackException.from_exception(error)
        leave_out_harness(whole, name)
        lines = list(whole.format())
    lines = [part for text in lines for part in text.rstrip("\n").split("\n")]
    if len(lines) > TRACEBACK_LINES:
        half = TRACEBACK_LINES // 2
        lines = [*lines[:half], f"  … {len(lines) - 2 * half} lines left out …", *lines[-half:]]
    return {
        "name": type(error).__name__[:200],
        "value": str(error)[:10_000],
        "traceback": [text[:2000] for text in lines],
        "line": line,
    }


def leave_out_harness(whole: "traceback.TracebackException | None", name: str) -> None:
    """Take out of a traceback, and of those of its causes, what is not the program's: our own frames, and after
    an interrupt whatever lies beyond the program's own last line, where the signal was handled.
    """
    while whole is not None:
        frames = [frame for frame in whole.stack if not frame.filename.startswith(OURS)]
        if whole.exc_type is KeyboardInterrupt:
            while frames and frames[-1].filename != name:
                frames.pop()
        whole.stack = traceback.StackSummary.from_list(frames)
        whole = whole.__cause__ or whole.__context__
