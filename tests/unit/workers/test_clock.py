"""A run's clock counts the run, and not the time in which it waits for a person."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from workers.clock import RunClock
from workers.context import Context


async def test_time_that_stands_still_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = RunClock()
    now += 5
    with clock.standing_still():
        now += 1000
        assert clock.used == 5
    now += 2
    assert clock.used == 7


async def test_who_waits_for_it_waits_while_it_stands_still() -> None:
    clock = RunClock()
    with clock.standing_still():
        over = asyncio.create_task(clock.passed(0.0))
        await asyncio.sleep(0)
        assert not over.done()
    await asyncio.wait_for(over, 30)


async def test_who_waits_already_waits_for_the_stop_too(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = RunClock()
    over = asyncio.create_task(clock.passed(1000.0))
    await asyncio.sleep(0)
    with clock.standing_still():
        now += 2000
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not over.done()
    now += 1000
    with clock.standing_still():
        pass
    await asyncio.wait_for(over, 30)


async def test_it_passes_by_itself() -> None:
    await asyncio.wait_for(RunClock().passed(0.01), 30)


async def test_what_an_agent_has_left_does_not_shrink_while_somebody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its deadline comes nearer all the same."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    nothing: Any = None
    context = Context(nothing, nothing, nothing, nothing, nothing, nothing, limit_s=60.0)
    now += 10
    with context.clock.standing_still():
        now += 1000
        assert context.seconds_left == 50
        context.ends_at = now + 5
        now += 3
        assert context.seconds_left == 2
