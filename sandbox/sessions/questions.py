"""What the code of a run asks its client, and the run's clock, which stands still meanwhile.

A run has at most one question open. Whatever code forges, it gains no more than that: a question is bounded in size and
in number, one that nobody answers is the last, and the time that a run waits is bounded over all of its questions.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.inside.asking import MAX_PROMPT
from sandbox.inside.channel import BadFrame

MOST_QUESTIONS: Final = 1000
"""Of one run; further ones are refused."""
MOST_WAITS: Final = 12
"""How often the longest wait for one answer a run may wait in all."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: `id` is the server's own name for it, and `number` the runner's."""

    id: str
    number: int
    prompt: str
    password: bool


class NoSuchQuestion(Exception):
    """It is not open (any more)."""


class Clock:
    """Calls `on_end` after so many seconds, those left out in which it stood still."""

    def __init__(self, seconds: float, on_end: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = seconds
        self._on_end = on_end
        self._timer: asyncio.TimerHandle | None = None
        self.go()

    def go(self) -> None:
        """Run, or go on."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._left, self._on_end)

    def stand_still(self) -> None:
        """Until `go`; for good where that never comes."""
        if self._timer is not None:
            self._left = max(self._timer.when() - self._loop.time(), 0.0)
            self._timer.cancel()
            self._timer = None


class Questions:
    """The questions of one run; `reply` sends a frame to its process."""

    def __init__(self, run: str, seconds: float, clock: Clock, reply: Callable[[dict[str, Any]], None]) -> None:
        self._run = run
        self._seconds = seconds
        self._clock = clock
        self._reply = reply
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self._patience = MOST_WAITS * seconds
        """How long the run may still wait."""
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        self.open: Question | None = None

    def take(self, frame: dict[str, Any]) -> Question | None:
        """A question as it comes from the untrusted end; None where it was refused. Raises BadFrame."""
        number, prompt, password = frame.get("number"), frame.get("prompt"), frame.get("password")
        if set(frame) != {"asks", "number", "prompt", "password"} or frame["asks"] != self._run:
            raise BadFrame("a question of another form")
        if not isinstance(number, int) or not isinstance(prompt, str) or not isinstance(password, bool):
            raise BadFrame("a question of other types")
        if len(prompt) > MAX_PROMPT or self.open is not None:
            raise BadFrame("a question too long, or beside another")
        self._count += 1
        if self._over or self._count > MOST_QUESTIONS or self._patience <= 0:
            self._reply({"answer": number, "text": None})
            return None
        self.open = Question(secrets.token_hex(8), number, prompt, password)
        self._clock.stand_still()
        self._since = self._loop.time()
        self._timer = self._loop.call_later(min(self._seconds, self._patience), self._nobody_answers)
        return self.open

    def answer(self, question_id: str, text: str | None) -> None:
        """Give the answer; None says that there will be none. Raises NoSuchQuestion."""
        question = self.open
        if question is None or question.id != question_id:
            raise NoSuchQuestion
        self._close()
        self._clock.go()
        self._reply({"answer": question.number, "text": text})

    def end(self) -> None:
        """No answer is awaited any more: the run is to end, or has ended."""
        self._over = True
        self._close()

    def _nobody_answers(self) -> None:
        assert self.open is not None
        self._over = True  # nobody is there: further questions are refused at once
        self.answer(self.open.id, None)

    def _close(self) -> None:
        if self.open is not None:
            self.open = None
            self._patience -= self._loop.time() - self._since
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
