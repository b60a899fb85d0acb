"""Which jobs are given to the broker, in which order, and never more than live workers can take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from job_life import Life

from core.agents.spec import AgentSpec, Input, Result
from core.database.pool import Connection
from core.ids import new_id
from core.jobs import release
from core.jobs.release import Load
from core.jobs.states import Holds
from core.workers import repository as workers
from workers.dispatcher.planner import Planner

ALIVE = timedelta(seconds=15)


async def worker(life: Life, slots: int) -> object:
    worker_id = new_id()
    await workers.register(life.pool, worker_id, life.agent, [life.agent], "host", 1, slots, {})
    return worker_id


async def load(life: Life) -> Load:
    async with life.pool.acquire() as connection, connection.transaction():
        found = await release.plan(connection, life.agent, [life.agent], ALIVE)
    assert found is not None
    return found


async def room(life: Life) -> int:
    return (await load(life)).interactive_room()


async def test_the_interactive_lane_goes_first_then_priority_then_age(life: Life) -> None:
    wanted = [("batch", 9), ("interactive", 1), ("interactive", 5), ("interactive", 5), ("batch", 1)]
    jobs = [await life.submit(lane=lane, priority=priority) for lane, priority in wanted]
    assert [one.job_id for one in await life.release()] == [jobs[index] for index in (2, 3, 1, 0, 4)]
    jobs = [await life.submit(lane=lane, priority=priority) for lane, priority in wanted]
    assert [one.job_id for one in await life.release(2)] == [jobs[2], jobs[3]]


async def test_two_planners_at_once_release_no_job_twice(life: Life) -> None:
    jobs = [await life.submit() for _ in range(30)]
    groups = await asyncio.gather(*(life.release(10) for _ in range(6)))
    released = [one.job_id for group in groups for one in group]
    assert len(released) == len(set(released))
    assert set(released) <= set(jobs)
    assert {one.release for group in groups for one in group} == {1}


async def test_without_a_live_worker_there_is_no_room(life: Life) -> None:
    assert await room(life) == 0
    worker_id = await worker(life, 4)
    await life.submit()
    assert await room(life) == 4 + 2
    await life.pool.execute("UPDATE workers SET heartbeat_at = now() - interval '1 minute' WHERE id = $1", worker_id)
    assert await room(life) == 0
    await worker(life, 3)
    assert await room(life) == 3 + 2
    await life.pool.execute("UPDATE workers SET stopping = true WHERE pool = $1", life.agent)
    assert await room(life) == 0


async def test_what_runs_and_what_is_under_way_both_take_room(life: Life) -> None:
    await worker(life, 4)
    for _ in range(3):
        await life.submit()
    first, second, _ = await life.release()
    claim = await life.claim(first)
    assert claim is not None
    assert await load(life) == Load(1, 4, 3, 0, interactive_waits=False, batch_waits=False)
    await life.end(claim)
    assert (await load(life)).under_way == 2
    await life.cancel(second.job_id)
    assert (await load(life)).under_way == 1


def test_a_window_past_the_slots_is_refilled_when_half_of_it_is_gone() -> None:
    busy = [Load(1, 16, under_way, 0).interactive_room() for under_way in (16, 19, 20, 21, 24)]
    assert busy == [8, 5, 4, 0, 0]
    assert Load(1, 16, 15, 0).interactive_room() == 9


def test_batch_work_gets_idle_slots_only_and_leaves_a_reserve() -> None:
    assert Load(1, 16, 0, 0).batch_room() == 14
    assert Load(1, 16, 14, 14).batch_room() == 0
    assert Load(1, 16, 16, 3).batch_room() == 0
    assert Load(1, 16, 15, 3).batch_room() == 1
    assert Load(1, 1, 0, 0).batch_room() == 1, "a single slot has nothing to reserve"
    assert Load(0, 0, 0, 0).batch_room() == 0


async def test_room_is_never_negative(life: Life) -> None:
    await worker(life, 1)
    for _ in range(9):
        await life.submit()
    await life.release()
    assert await room(life) == 0


async def test_one_planner_at_a_time_plans_a_pool(life: Life) -> None:
    async def plan(connection: Connection, pool: str) -> Load | None:
        return await release.plan(connection, pool, [life.agent], ALIVE)

    async with life.pool.acquire() as one, life.pool.acquire() as other:
        async with one.transaction():
            assert await plan(one, life.agent)
            async with other.transaction():
                assert await plan(other, life.agent) is None
                assert await plan(other, life.agent + "-2")
        async with other.transaction():
            assert await plan(other, life.agent)


async def test_released_and_unclaimed_jobs_are_found_again(life: Life) -> None:
    for _ in range(3):
        await life.submit()
    first, second, third = await life.release()
    await life.claim(first)
    await life.cancel(second.job_id)
    async with life.pool.acquire() as connection:
        assert await release.released(connection, [life.agent], timedelta(0)) == [third]
        assert await release.released(connection, [life.agent], timedelta(minutes=1)) == []


async def test_the_next_retry_is_known_beforehand(life: Life) -> None:
    await life.pool.execute("DELETE FROM jobs WHERE state = 'queued'")
    assert await release.next_due(life.pool) is None
    await life.break_off(await life.running())
    due = await release.next_due(life.pool)
    assert due is not None
    assert 0 < due <= 1.5


class Sent:
    """In place of the broker: counts what is given to it."""

    def __init__(self) -> None:
        self.count = 0

    async def send(self, releases: Sequence[release.Release], workers: int = 1) -> bool:
        self.count += len(releases)
        return True


async def test_what_nobody_claims_is_sent_again_once_in_a_while_and_only_where_slots_stand_free(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy pool's window waits for long: sent again every second, it would bury the broker in copies."""
    monkeypatch.setattr(
        "workers.dispatcher.planner.pool_agents",
        lambda name: [AgentSpec(name, "", "", Input, Result, "", name, Holds.NOTHING, 60)],
    )
    await worker(life, 1)
    running = await life.running()
    waiting = await life.release_of(await life.submit())
    await life.pool.execute("UPDATE jobs SET released_at = now() - interval '1 minute' WHERE id = $1", waiting.job_id)
    sent: Any = Sent()
    planner = Planner(life.pool, sent, life.agent)
    assert await planner.repeat_overdue() == 0, "all slots are busy"
    await life.end(running)
    assert [await planner.repeat_overdue() for _ in range(3)] == [1, 0, 0]
    assert await planner.repeat_all() == 1, "the broker was emptied"
    assert sent.count == 2
