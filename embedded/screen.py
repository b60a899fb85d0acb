"""What the person at the terminal sees: short lines, colour only on a terminal, and process logs behind their
names when asked for. A terminal that went away must not keep a shutdown from ending, so a failed write is no
error here.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from embedded.children import tail

COLOURS = ("36", "33", "32", "35", "34", "31")  # SGR codes, one for each process in turn
CHUNK = 64 * 1024  # bytes of one log shown at a time, so that a flood from one leaves room for the others


class Screen:
    """The terminal, or the file or pipe in its place."""

    def __init__(self) -> None:
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str) -> None:
        """Show a line at once."""
        with contextlib.suppress(OSError, ValueError):
            print(text, flush=True)

    def strong(self, text: str) -> str:
        """The text in bold, where that can be shown."""
        return f"\033[1m{text}\033[0m" if self.coloured else text

    @contextlib.contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Say what is being done and, at its end, how long it took. For steps that may take seconds."""
        self.say(f"{doing} …")
        started_at = time.monotonic()
        yield
        self.say(f"  done in {time.monotonic() - started_at:.1f} s")

    def prefixed(self, name: str, place: int, width: int, line: str) -> str:
        """A line of a process's log behind its name."""
        label = f"{name:<{width}} |"
        return f"\033[{COLOURS[place % len(COLOURS)]}m{label}\033[0m {line}" if self.coloured else f"{label} {line}"


class Follower:
    """Shows what is added to the processes' logs, as `tail -F` does; a log that was rotated is begun anew."""

    def __init__(self, screen: Screen, logs: Sequence[tuple[str, Path]]) -> None:
        self._screen = screen
        self._logs = logs
        self._width = max((len(name) for name, _ in logs), default=0)
        self._offsets = {name: _size(log) for name, log in logs}
        self._rest: dict[str, bytes] = {}

    def look(self) -> None:
        """Show the whole lines that came since the last look."""
        for place, (name, log) in enumerate(self._logs):
            size = _size(log)
            if size < self._offsets[name]:
                self._offsets[name] = 0
            if size == self._offsets[name]:
                continue
            with contextlib.suppress(OSError), log.open("rb") as stream:
                stream.seek(self._offsets[name])
                added = stream.read(CHUNK)
                self._offsets[name] += len(added)
                *lines, rest = (self._rest.get(name, b"") + added).split(b"\n")
                self._rest[name] = rest
                for line in lines:
                    text = line.decode(errors="replace")
                    self._screen.say(self._screen.prefixed(name, place, self._width, text))


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0


def end_of(log: Path, lines: int = 8) -> str:
    """The last lines of a log for a message about its process."""
    return tail(log, lines) or "    (it is empty)"
