"""How often, and for how long in all, a run may ask."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.sessions.questions import MOST_QUESTIONS, MOST_WAITS, Clock, NoSuchQuestion, Questions


def frame(number: int) -> dict[str, Any]:
    return {"asks": "run", "number": number, "prompt": "?", "password": False}


def made(said: list[dict[str, Any]], ended: list[bool], seconds: float = 300.0) -> Questions:
    return Questions("run", seconds, Clock(1000.0, lambda: ended.append(True)), said.append)


async def test_past_the_last_question_all_are_refused_at_once() -> None:
    said: list[dict[str, Any]] = []
    questions = made(said, [])
    for number in range(MOST_QUESTIONS):
        asked = questions.take(frame(number))
        assert asked is not None
        questions.answer(asked.id, "yes")
    assert questions.take(frame(-1)) is None
    assert said[-1] == {"answer": -1, "text": None}
    assert questions.open is None


async def test_what_a_run_may_wait_in_all_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, Any]] = []
    questions = made(said, [])
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    for number in range(MOST_WAITS):
        asked = questions.take(frame(number))
        assert asked is not None
        now += 299.0
        questions.answer(asked.id, "just in time")
    asked = questions.take(frame(100))
    assert asked is not None
    now += 30.0
    questions.answer(asked.id, "and that was all")
    assert questions.take(frame(101)) is None


async def test_the_clock_stands_still_while_a_question_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    clock = Clock(10.0, lambda: None)
    questions = Questions("run", 300.0, clock, lambda _: None)
    now += 4.0
    asked = questions.take(frame(1))
    assert asked is not None
    assert clock._timer is None
    now += 200.0
    questions.answer(asked.id, "yes")
    assert clock._timer is not None
    assert clock._timer.when() == pytest.approx(now + 6.0)


async def test_when_a_run_is_to_end_its_question_ends_too() -> None:
    said: list[dict[str, Any]] = []
    questions = made(said, [])
    asked = questions.take(frame(1))
    assert asked is not None
    questions.end()
    with pytest.raises(NoSuchQuestion):
        questions.answer(asked.id, "late")
    assert said == []  # the interrupt itself is what its code gets
    assert questions.take(frame(2)) is None
    assert said == [{"answer": 2, "text": None}]
