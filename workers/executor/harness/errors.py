"""What went wrong, told in the user's own lines."""

import linecache
import os
import traceback
from typing import Any

from . import home

TRACEBACK_LINES = 100
LINE_LIMIT = 2000

OURS = os.path.dirname((lambda: None).__code__.co_filename)
"""What lies here is not the program's. Code that came compiled has the name of where it was compiled."""

STANDARD = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
PACKAGES = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
"""What lies there is not either, and of it only where the error was raised is told."""


def error_of(error: BaseException, name: str) -> "dict[str, Any]":
    """What went wrong, in the user's own lines: our own frames, and those on the way through packages, are left out."""
    line = column = None
    if isinstance(error, SyntaxError) and error.filename == name:
        lines = safely(lambda: traceback.format_exception_only(type(error), error))
        line, column = whole_number(error.lineno), whole_number(error.offset)
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == name:
                line = frame.lineno
        lines = safely(lambda: formatted(error, name))
    lines = [part for text in lines for part in text.rstrip("\n").split("\n")]
    if len(lines) > TRACEBACK_LINES:
        half = TRACEBACK_LINES // 2
        lines = [*lines[:half], f"  … {len(lines) - 2 * half} lines left out …", *lines[-half:]]
    return {
        "name": type(error).__name__[:200],
        "value": value_of(error)[:10_000],
        "traceback": [text[:LINE_LIMIT] for text in lines],
        "line": line,
        "column": column,
    }


def whole_number(value: Any) -> "int | None":
    """An exception's attributes can be set to anything."""
    return value if isinstance(value, int) and 0 < value < 2**31 else None


def value_of(error: BaseException) -> str:
    """The error's words, whatever its str() does."""
    try:
        return str(error)
    except BaseException as another:
        return f"<{type(error).__name__}: its str() raised {type(another).__name__}>"


def safely(format_: Any) -> "list[str]":
    try:
        return list(format_())
    except BaseException as another:
        return [f"<the traceback could not be written, {type(another).__name__} was raised>"]


def formatted(error: BaseException, name: str) -> "list[str]":
    """The traceback with those of its causes, and of the members of a group."""
    whole = traceback.TracebackException.from_exception(error)
    leave_out(whole, name)
    return list(whole.format())


def leave_out(whole: "traceback.TracebackException | None", name: str, depth: int = 0) -> None:
    """Take out of a traceback, and of all that belong to it, what is not the program's: our own frames, those on the
    way through packages, and after an interrupt whatever lies beyond the program's own last line, where the signal
    was handled.
    """
    if whole is None or depth > 50:
        return
    frames = [frame for frame in whole.stack if not frame.filename.startswith(OURS)]
    if whole.exc_type is KeyboardInterrupt:
        while frames and frames[-1].filename != name:
            frames.pop()
    kept = [frame for frame in frames[:-1] if is_users(frame.filename)] + frames[-1:]
    whole.stack = traceback.StackSummary.from_list(kept if any(is_users(each.filename) for each in kept) else frames)
    for other in (whole.__cause__, whole.__context__, *(getattr(whole, "exceptions", None) or ())):
        leave_out(other, name, depth + 1)


def is_users(filename: str) -> bool:
    """Whether a frame is of a program, of an earlier one, or of a file that the user has written."""
    if filename.startswith("<"):
        return filename.startswith("<program ") or filename in linecache.cache
    path = os.path.realpath(filename)
    if path.startswith(home.WORK + os.sep):
        return os.path.exists(path)  # compiled extensions name sources that are not there
    return not path.startswith(STANDARD) and not any(part in path for part in PACKAGES)
