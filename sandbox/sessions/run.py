"""One run in a session: what was asked, what it printed so far, how it ended.

A run has one end, set once. Whoever waits is told by `changed`; output is pulled, so a slow reader costs no more than
the bound on a run's output.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.sessions.output import Output
from sandbox.sessions.questions import Question, Questions


class Limit(StrEnum):
    """Why the server, and not the code, ended a run."""

    TIMEOUT = "timeout"
    MEMORY = "memory-limit"
    OUTPUT = "output-limit"
    CPU = "cpu-limit"
    INTERRUPTED = "interrupted"
    SESSION_ENDED = "session-ended"
    PROTOCOL = "protocol-violation"


class Reached(StrEnum):
    """A limit that the code ran into by itself: the kernel refused it something, it raised, and its session goes on."""

    MEMORY = "memory-limit"
    PROCESSES = "process-limit"
    DISK = "disk-limit"
    INODES = "inode-limit"
    DESCRIPTORS = "descriptor-limit"


TIMED_OUT, INTERRUPTED, KILLED = 124, 130, 137


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended. `limit` is None when the code came to its own end, by success or by raising; if it raised for
    a limit that it had reached, `reached` names that, as the code's own process has it.
    """

    exit_code: int
    seconds: float
    limit: Limit | None
    sentence: str
    session_ended: bool
    reached: Reached | None = None


class Run:
    """A run under way. The session feeds it; one reader takes from it."""

    def __init__(self, number: str, request: dict[str, Any], output: Output) -> None:
        self.number = number
        self.request = request
        self.output = output
        self.limit: Limit | None = None
        self.started = False
        self.answered = False
        """Its process has said that it ended; what it left behind may still be being cleared away."""
        self.abandoned = asyncio.Event()
        """Set when its client has hung up, and in any case at the end."""
        self.questions: Questions | None = None
        """None: there is nobody to ask."""
        self.asked: Question | None = None
        """A question that its client has not been told yet."""
        self.end: RunEnd | None = None
        self.ended = asyncio.Event()
        self._changed = asyncio.Event()
        self._started = time.monotonic()

    def notify(self) -> None:
        """Something can be taken."""
        self._changed.set()

    def finish(
        self,
        exit_code: int,
        limit: Limit | None,
        sentence: str,
        *,
        session_ended: bool,
        reached: Reached | None = None,
    ) -> None:
        """Set the end, the first time only."""
        if self.end is None:
            self.output.finish()
            seconds = time.monotonic() - self._started
            self.end = RunEnd(exit_code, seconds, limit, sentence, session_ended, reached)
            self.ended.set()
            self.abandoned.set()
            self._changed.set()

    async def changed(self, seconds: float) -> bool:
        """Wait for output or the end; False if neither came within this time."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        self._changed.clear()
        return True
