"""Whose turn it is: tenants by weight and limit, schedules, busy sessions, and what a waiting job is told."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from job_life import Life

from core.errors import Conflict
from core.ids import new_id
from core.jobs import cancel, position, release
from core.jobs.states import Holds, Lane, OnBusy, State
from core.workers import repository as workers


async def tenant(life: Life, *, weight: int = 1, limit: int | None = None) -> UUID:
    tenant_id = new_id()
    await life.pool.execute(
        "INSERT INTO tenants (id, name, weight, limits) VALUES ($1, $2, $3, $4)",
        tenant_id,
        secrets.token_hex(8),
        weight,
        {} if limit is None else {"running_jobs": limit},
    )
    return tenant_id


async def pick(life: Life, count: int, cursor: UUID = release.FIRST_TENANT) -> tuple[list[UUID], UUID]:
    async with life.pool.acquire() as connection, connection.transaction():
        picks, cursor = await release.release(connection, life.agent, Lane.INTERACTIVE, count, cursor)
    return [one.job_id for one in picks], cursor


async def test_tenants_take_turns_however_much_one_of_them_wants(life: Life) -> None:
    greedy, modest = await tenant(life), await tenant(life)
    many = [await life.submit(tenant_id=greedy) for _ in range(20)]
    few = [await life.submit(tenant_id=modest) for _ in range(2)]
    picked, _ = await pick(life, 4)
    assert set(picked) == {many[0], many[1], few[0], few[1]}


async def test_a_tenant_of_twice_the_weight_gets_twice_the_turns(life: Life) -> None:
    heavy, light = await tenant(life, weight=2), await tenant(life)
    owner = {await life.submit(tenant_id=heavy): "heavy" for _ in range(20)}
    owner |= {await life.submit(tenant_id=light): "light" for _ in range(20)}
    picked, _ = await pick(life, 12)
    assert Counter(owner[job] for job in picked) == {"heavy": 8, "light": 4}


async def test_what_a_tenant_has_under_way_counts_against_its_turn(life: Life) -> None:
    busy, idle = await tenant(life), await tenant(life)
    for _ in range(3):
        await life.submit(tenant_id=busy)
    await pick(life, 3)
    late = [await life.submit(tenant_id=busy) for _ in range(3)]
    mine = [await life.submit(tenant_id=idle) for _ in range(3)]
    picked, _ = await pick(life, 3)
    assert picked == mine
    assert (await pick(life, 3))[0] == late


async def test_a_tenant_never_passes_its_limit(life: Life) -> None:
    limited = await tenant(life, limit=2)
    for _ in range(5):
        await life.submit(tenant_id=limited)
    assert len((await pick(life, 5))[0]) == 2
    assert (await pick(life, 5))[0] == []


async def test_the_walk_over_tenants_goes_on_where_it_stopped_and_wraps(life: Life) -> None:
    tenants = sorted([await tenant(life) for _ in range(3)])
    jobs = {each: await life.submit(tenant_id=each) for each in tenants}
    first, cursor = await pick(life, 1, tenants[0])
    assert first == [jobs[tenants[1]]]
    second, cursor = await pick(life, 2, cursor)
    assert second == [jobs[tenants[2]], jobs[tenants[0]]]


async def test_a_job_waits_for_its_time_and_takes_its_place_when_it_has_come(life: Life) -> None:
    session = await life.session()
    later = await life.submit(session_id=session, run_at=datetime.now(UTC) + timedelta(hours=1))
    now = await life.submit(session_id=session)
    assert await life.ready(later, now) == [False, True]
    assert (await life.row(later))["session_seq"] is None
    await release.make_due_ready(life.pool)
    assert await life.ready(later) == [False]
    await life.due_now(later)
    assert (await life.row(later))["session_seq"] == 2
    assert await life.ready(later) == [False], "the other came first"
    await life.end(await life.claimed(now))
    assert await life.ready(later) == [True]


async def test_a_retry_in_back_off_keeps_its_place_in_its_session(life: Life) -> None:
    session = await life.session()
    first = await life.running(session_id=session)
    second = await life.submit(session_id=session)
    await life.break_off(first)
    assert await life.ready(first.id, second) == [False, False]
    assert await life.release() == []
    await life.due_now(first.id)
    assert await life.ready(first.id, second) == [True, False]


async def test_a_deadline_counts_from_run_at(life: Life) -> None:
    run_at = datetime.now(UTC) + timedelta(hours=1)
    job = await life.job(await life.submit(run_at=run_at, deadline_s=60))
    assert job.deadline_at == run_at + timedelta(seconds=60)


async def test_reject_refuses_a_busy_session_and_leaves_it_as_it_was(life: Life) -> None:
    session = await life.session()
    running = await life.running(session_id=session)
    with pytest.raises(Conflict, match="busy"):
        await life.submit(session_id=session, on_busy=OnBusy.REJECT)
    assert await life.state(running.id) is State.RUNNING
    other = await life.submit(Holds.CONVERSATION, session_id=session, on_busy=OnBusy.REJECT)
    assert await life.ready(other) == [True], "the conversation was free"


async def test_interrupt_cancels_what_waits_and_asks_what_runs_to_stop(life: Life) -> None:
    session = await life.session()
    running = await life.running(session_id=session)
    waiting = await life.submit(session_id=session)
    prompt = await life.submit(Holds.CONVERSATION, session_id=session)
    new = await life.submit(session_id=session, on_busy=OnBusy.INTERRUPT)
    assert (await life.story(waiting))[-1] == "job.cancelled"
    assert (await life.job(running.id)).cancel_requested_at is not None
    assert await life.state(prompt) is State.QUEUED, "it holds something else"
    assert await life.ready(new) == [False], "it waits for the running one's end"
    await life.end(running, State.CANCELLED)
    assert await life.ready(new) == [True]


async def test_a_waiting_job_is_told_how_many_go_before_it(life: Life) -> None:
    await workers.register(life.pool, new_id(), life.agent, [life.agent], "host", 1, 2, {})
    mine, other = await tenant(life), await tenant(life)
    first = await life.submit(tenant_id=mine)
    second = await life.submit(tenant_id=mine)
    third = await life.submit(tenant_id=mine)
    urgent = await life.submit(tenant_id=mine, priority=9)
    theirs = await life.submit(tenant_id=other)
    batch = await life.submit(tenant_id=mine, lane="batch", priority=9)
    before = {
        job: place.position
        for job in (urgent, first, second, third, theirs, batch)
        if (place := await position.of(life.pool, job))
    }
    order = [one.job_id for one in await life.release()]
    assert [before[job] for job in order] == list(range(6))
    await cancel.cancel(life.pool, mine, urgent)
    assert await position.of(life.pool, urgent) is None
