"""Reads a Procfile: one `name: command` a line, the form that Heroku, foreman and honcho read. It is where an
operator sees which processes there are to scale, so the supervisor is set up from it and knows no process by
itself.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import StartFailed

LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+?)\s*$")


@dataclass(frozen=True)
class Process:
    """One line of a Procfile."""

    name: str
    words: tuple[str, ...]
    """The command, split as a shell would; no shell runs it."""


def parse(text: str) -> list[Process]:
    """The processes of a Procfile, in its order. Empty lines and lines that begin with # are left out.

    Raises StartFailed, naming the line, for one that is neither, and for a name that comes twice.
    """
    found: dict[str, Process] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = LINE.match(line)
        if match is None:
            raise StartFailed(f"Line {number} of the Procfile is not `name: command`: {line.strip()!r}. Mend it.")
        name, command = match.groups()
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise StartFailed(f"Line {number} of the Procfile has an open quote ({error}). Mend it.") from None
        if name in found:
            raise StartFailed(f"Line {number} of the Procfile names {name!r} a second time. Give it another name.")
        found[name] = Process(name, words)
    return list(found.values())


def read(file: Path) -> list[Process]:
    """The processes of a Procfile on disk. Raises StartFailed."""
    try:
        return parse(file.read_text())
    except OSError as error:
        raise StartFailed(f"The list of processes, {file}, can't be read ({error.strerror}).") from error
