"""Which names a session's file may have: relative, plain, and the same on every side of the wire."""

from __future__ import annotations

from core.errors import InvalidInput

LONGEST_PATH = 512
LONGEST_NAME = 200
RESERVED = ".aci"
"""The folder in which the executor keeps its harness; hidden from users and closed to them."""


def checked_path(path: str, pointer: str = "/path") -> str:
    """The path in its one spelling.

    Raises InvalidInput, naming `pointer`, for what is empty, absolute, too long, has `..`, `.` or an empty part,
    a backslash or a control character, or lies in the reserved folder.
    """

    def refuse(why: str) -> InvalidInput:
        return InvalidInput(f"The file's path {why}.", pointer)

    if not path:
        raise refuse("is empty")
    if len(path) > LONGEST_PATH:
        raise refuse(f"is longer than {LONGEST_PATH} characters")
    if path.startswith("/"):
        raise refuse("is absolute; it must be relative to the session's working directory")
    if not path.isprintable() or "\\" in path:
        raise refuse("has a control character or a backslash")
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise refuse("has an empty part, '.' or '..'")
    if any(len(part.encode()) > LONGEST_NAME for part in parts):
        raise refuse(f"has a name of more than {LONGEST_NAME} bytes")
    if parts[0] == RESERVED:
        raise refuse(f"lies in {RESERVED}, which the service keeps for itself")
    return path
