"""What the dispatcher does so that no job is forgotten, and none is taken from a worker that did nothing wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
import redis
from job_life import OVER, Life

from core.agents.spec import AgentSpec, Input, Result
from core.channels import EPOCH_KEY
from core.ids import new_id
from core.jobs import release
from core.jobs.states import Holds, State
from core.settings import Settings
from core.workers import repository as workers
from embedded.redis import RedisServer
from workers.dispatcher import upkeep
from workers.dispatcher.planner import Planner
from workers.dispatcher.upkeep import Reaper, Reconciler


class Clock:
    """The monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Told:
    """In place of a publisher."""

    def moved(self, job_id: object, seq: int) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(upkeep, "time", made)
    return made


@pytest.fixture
def reaper(life: Life, clock: Clock) -> Reaper:
    told: Any = Told()
    return Reaper(life.pool, told, Settings(lease_s=10), lambda: None)


async def passes(reaper: Reaper, clock: Clock, seconds: int) -> None:
    """The reaper looks once a second."""
    for _ in range(seconds):
        clock.now += 1
        await reaper.reap()


async def test_a_reaper_that_starts_waits_for_one_lease(life: Life, reaper: Reaper, clock: Clock) -> None:
    lost = await life.running(OVER)
    await passes(reaper, clock, 9)
    assert await life.state(lost.id) is State.RUNNING, "its worker may not have been able to renew"
    await passes(reaper, clock, 2)
    assert await life.state(lost.id) is State.QUEUED


async def test_a_reaper_waits_again_after_postgres_was_away(life: Life, reaper: Reaper, clock: Clock) -> None:
    await passes(reaper, clock, 11)
    reaper.be_patient()
    lost = await life.running(OVER)
    await passes(reaper, clock, 9)
    assert await life.state(lost.id) is State.RUNNING
    await passes(reaper, clock, 2)
    assert await life.state(lost.id) is State.QUEUED


async def test_a_reaper_that_slept_itself_waits_too(life: Life, reaper: Reaper, clock: Clock) -> None:
    await passes(reaper, clock, 11)
    lost = await life.running(OVER)
    clock.now += 60
    await reaper.reap()
    await passes(reaper, clock, 9)
    assert await life.state(lost.id) is State.RUNNING
    await passes(reaper, clock, 2)
    assert await life.state(lost.id) is State.QUEUED


class Broker:
    """In place of the broker: what is sent is looked up, over another connection, at the moment of sending."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self.sent: list[tuple[object, int]] = []
        self.found: list[int] = []

    async def send(self, releases: Sequence[release.Release], workers: int = 1) -> bool:
        for one in releases:
            self.sent.append((one.job_id, one.release))
            row = await self._life.row(one.job_id)
            self.found.append(row["release"] if row["released_at"] else 0)
        return True


@pytest.fixture
async def planner(life: Life, monkeypatch: pytest.MonkeyPatch) -> tuple[Planner, Broker]:
    """One for the life's agent, with room for four."""
    spec = AgentSpec(life.agent, "", "", Input, Result, "", life.agent, Holds.NOTHING, 60)
    monkeypatch.setattr("workers.dispatcher.planner.pool_agents", lambda _: [spec])
    await workers.register(life.pool, new_id(), life.agent, [life.agent], "host", 1, 4, {})
    broker: Any = Broker(life)
    return Planner(life.pool, broker, life.agent), broker


async def test_a_message_is_never_faster_than_the_release_it_carries(
    life: Life, planner: tuple[Planner, Broker]
) -> None:
    jobs = [await life.submit() for _ in range(3)]
    assert await planner[0].plan() == 3
    assert planner[1].sent == [(job_id, 1) for job_id in jobs]
    assert planner[1].found == [1, 1, 1], "what was sent is not committed yet"


async def test_what_waited_in_a_redis_that_was_emptied_is_sent_again_at_once(
    life: Life, planner: tuple[Planner, Broker], redis_server: RedisServer
) -> None:
    plans, broker = planner
    reconciler = Reconciler([plans], Settings(REDIS_URL=redis_server.url))  # type: ignore[call-arg]
    try:
        await reconciler.reconcile()
        job_id = await life.submit()
        await plans.plan()
        await reconciler.reconcile()
        assert broker.sent == [(job_id, 1)], "nothing is lost yet"
        with contextlib.closing(redis.Redis.from_url(redis_server.url)) as connection:
            await asyncio.to_thread(connection.delete, EPOCH_KEY)
        await reconciler.reconcile()
        await reconciler.reconcile()
        assert broker.sent == [(job_id, 1)] * 2
    finally:
        await reconciler.close()
