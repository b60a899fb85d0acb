"""Keeps the two streams in the order in which they were written: each time the program turns from one to the other, a
mark in both says so. What goes past Python (a child process, a raw write) has the order in which it arrives.
"""

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from .channel import Channel

TURNS_LIMIT = 500
"""Marked turns of one run: marks count as output, of which the sandbox takes so much and no more."""


class Turns:
    """Of one run."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._streams = (sys.stdout, sys.stderr)
        self._writes = tuple(getattr(stream, "write", None) for stream in self._streams)
        self._now = 0
        self._count = 0
        self._turning = threading.Lock()

    @contextlib.contextmanager
    def watched(self) -> "Iterator[None]":
        """Within the block, both streams tell when they are written to."""
        placed = []
        for which, stream in enumerate(self._streams):
            with contextlib.suppress(Exception):  # a stream of any make may not allow it
                stream.write = self._telling(which)  # type: ignore[method-assign]
                placed.append(stream)
        try:
            yield
        finally:
            for stream in placed:
                with contextlib.suppress(Exception):
                    del stream.write

    def _telling(self, which: int) -> Any:
        theirs = self._writes[which]

        def write(text: Any) -> Any:
            if self._now != which:
                self._turn(which)
            return theirs(text)  # type: ignore[misc]

        return write

    def _turn(self, which: int) -> None:
        with self._turning:
            if self._now == which or self._count >= TURNS_LIMIT or self._channel.is_forks:
                return
            if any(getattr(stream, "closed", True) for stream in self._streams):
                self._count = TURNS_LIMIT  # a mark in one of them alone would only hold the other back
                return
            self._now = which
            self._count += 1
            mark = self._channel.spelled("turn", self._count)
            for stream, write in zip(self._streams, self._writes):
                with contextlib.suppress(Exception):
                    write(mark)  # type: ignore[misc]
                    stream.flush()
