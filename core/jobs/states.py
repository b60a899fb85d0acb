"""The states of a job, who moves it on, and what becomes of a job whose attempt broke off.

Decisions only, no effects: the SQL beside this carries them out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import IntFlag, StrEnum


class State(StrEnum):
    """Where a job stands. Only the first two are live; the others are for good."""

    QUEUED = "queued"
    """Accepted and durable; moved on by the worker that claims it, a cancel, or the reaper past its deadline."""
    RUNNING = "running"
    """One attempt holds the lease; moved on by that attempt, or by the reaper when the lease runs out."""
    SUCCEEDED = "succeeded"
    """The agent did its work."""
    FAILED = "failed"
    """It did not, and will not be tried again; the error's type says why."""
    CANCELLED = "cancelled"
    """Somebody asked, and it stopped."""
    EXPIRED = "expired"
    """Its deadline passed before it could finish."""

    @property
    def terminal(self) -> bool:
        """No transition leads out of it."""
        return self not in LIVE


LIVE = frozenset({State.QUEUED, State.RUNNING})
TERMINAL = frozenset(State) - LIVE


class Failure(StrEnum):
    """Why a job failed: the `error.type` of its result."""

    USER_CODE_ERROR = "user-code-error"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory-limit"
    OUTPUT_LIMIT = "output-limit"
    SANDBOX_UNAVAILABLE = "sandbox-unavailable"
    MODEL_UNAVAILABLE = "model-unavailable"
    CONTENT_REFUSED = "content-refused"
    BUDGET_EXCEEDED = "budget-exceeded"
    ATTEMPTS_EXHAUSTED = "attempts-exhausted"
    INTERNAL = "internal"


class Lane(StrEnum):
    """Somebody waits in front of a screen, or nobody does."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


class OnBusy(StrEnum):
    """What to do when the session already has a job that holds what this one would."""

    ENQUEUE = "enqueue"
    """Wait for one's turn."""
    REJECT = "reject"
    """Don't take it: 409."""
    INTERRUPT = "interrupt"
    """Cancel what waits, ask what runs to stop, and go next."""


class Holds(IntFlag):
    """What of a session a job uses alone, one job at a time, in the order in which they came."""

    NOTHING = 0
    CONVERSATION = 1
    SANDBOX = 2


@dataclass(frozen=True)
class BrokenOff:
    """A job whose attempt broke off without an end of its own: the lease ran out, or the worker gave it back."""

    attempts_spent: int
    """Attempts that count, the broken one among them; those handed back at a shutdown do not."""
    max_attempts: int
    cancel_requested: bool
    past_deadline: bool


FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=1)


def after_break(job: BrokenOff) -> State:
    """What becomes of it: a cancel that was asked for wins, then the deadline, then the count of attempts."""
    if job.cancel_requested:
        return State.CANCELLED
    if job.past_deadline:
        return State.EXPIRED
    return State.QUEUED if job.attempts_spent < job.max_attempts else State.FAILED


def retry_delay(attempts_spent: int, chance: random.Random | None = None) -> timedelta:
    """How long a job waits before its next attempt: doubling, and spread over half to one and a half times that.

    The spread is what brings jobs that were lost together back apart, so that one which kills its worker does
    not take the same neighbours with it again.
    """
    base: timedelta = min(FIRST_DELAY * (1 << max(attempts_spent - 1, 0)), LONGEST_DELAY)
    return base * (chance or random.SystemRandom()).uniform(0.5, 1.5)
