"""A run's clock counts the run, and not the time in which it waits for a person."""

from __future__ import annotations

import asyncio
import time

import pytest

from workers.clock import RunClock


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
