"""What a session serialises runs one at a time, in the order in which it came."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from job_life import Life

from core.jobs import cancel, submit
from core.jobs.states import Holds, OnBusy, State
from core.jobs.submit import Submission
from core.tenants import DEFAULT_TENANT

TALK, RUN, BOTH = Holds.CONVERSATION, Holds.SANDBOX, Holds.CONVERSATION | Holds.SANDBOX


async def test_a_prompt_need_not_wait_for_a_run(life: Life) -> None:
    session = await life.session()
    run, talk = await life.submit(RUN, session_id=session), await life.submit(TALK, session_id=session)
    assert await life.ready(run, talk) == [True, True]
    await life.claimed(run)
    assert (await life.row(talk))["released_at"] is not None


async def test_two_runs_and_two_prompts_wait_for_their_own_kind(life: Life) -> None:
    session = await life.session()
    jobs = [await life.submit(holds, session_id=session) for holds in (RUN, TALK, RUN, TALK)]
    assert await life.ready(*jobs) == [True, True, False, False]
    await life.end(await life.claimed(jobs[1]))
    assert await life.ready(*jobs[2:]) == [False, True]


async def test_a_job_that_holds_both_waits_for_both_and_both_wait_for_it(life: Life) -> None:
    session = await life.session()
    run, talk, both, later_run, later_talk = [
        await life.submit(holds, session_id=session) for holds in (RUN, TALK, BOTH, RUN, TALK)
    ]
    assert await life.ready(run, talk, both, later_run, later_talk) == [True, True, False, False, False]
    await life.release()
    first = await life.pool.fetch("SELECT id, release FROM jobs WHERE id = ANY($1)", [run, talk])
    assert [row["release"] for row in first] == [1, 1]
    await life.cancel(run)
    assert await life.ready(both, later_run, later_talk) == [False, False, False]
    await life.cancel(talk)
    assert await life.ready(both, later_run, later_talk) == [True, False, False]
    await life.end(await life.claimed(both))
    assert await life.ready(later_run, later_talk) == [True, True]


@pytest.mark.parametrize(
    "how", ["ended", "cancelled while queued", "expired", "attempts exhausted", "cancelled at a break"]
)
async def test_the_next_one_follows_however_the_head_ended(how: str, life: Life) -> None:
    session = await life.session()
    head = await life.submit(session_id=session, max_attempts=1, deadline_s=60)
    after = await life.submit(session_id=session)
    assert await life.ready(after) == [False]
    match how:
        case "ended":
            await life.end(await life.claimed(head))
        case "cancelled while queued":
            await life.cancel(head)
        case "expired":
            await life.pool.execute("UPDATE jobs SET deadline_at = now() WHERE id = $1", head)
            assert await cancel.expire(life.pool, head)
        case "attempts exhausted":
            assert await life.break_off(await life.claimed(head)) is State.FAILED
        case _:
            claim = await life.claimed(head)
            await life.cancel(head)
            assert await life.break_off(claim) is State.CANCELLED
    assert await life.ready(after) == [True]
    await life.claimed(after)


async def test_a_job_that_waits_for_its_next_attempt_keeps_its_place(life: Life) -> None:
    session = await life.session()
    head, after = await life.submit(session_id=session), await life.submit(session_id=session)
    await life.break_off(await life.claimed(head))
    assert await life.ready(head, after) == [False, False]
    assert await life.release() == []
    await life.due_now(head)
    assert [one.job_id for one in await life.release()] == [head]


async def test_a_cancel_in_the_middle_lets_nobody_overtake(life: Life) -> None:
    session = await life.session()
    head, middle, last = [await life.submit(session_id=session) for _ in range(3)]
    await life.cancel(middle)
    assert await life.ready(head, last) == [True, False]
    await life.end(await life.claimed(head))
    assert await life.ready(last) == [True]


async def test_sessions_do_not_wait_for_each_other(life: Life) -> None:
    jobs = [await life.submit(session_id=await life.session()) for _ in range(3)]
    assert await life.ready(*jobs) == [True, True, True]


@pytest.mark.parametrize("holds", [TALK, RUN, BOTH])
async def test_the_database_itself_refuses_a_second_running_job(holds: Holds, life: Life) -> None:
    session = await life.session()
    first, second = await life.submit(BOTH, session_id=session), await life.submit(holds, session_id=session)
    await life.claimed(first)
    with pytest.raises(asyncpg.UniqueViolationError):
        await life.pool.execute("UPDATE jobs SET state = 'running', lease_until = now() WHERE id = $1", second)


async def test_with_everything_at_once_each_sessions_jobs_still_run_in_order(life: Life) -> None:
    """Submits, ends and cancels of a session race; whoever is released is the head, and all come to an end."""
    session = await life.session()
    order: list[object] = []

    async def work() -> None:
        idle = 0
        while idle < 20:
            released = await life.release(1)
            if not released:
                idle += 1
                await asyncio.sleep(0)
                continue
            idle = 0
            claim = await life.claim(released[0])
            assert claim is not None
            order.append((await life.row(claim.id))["session_seq"])
            await life.end(claim)

    async def bring() -> None:
        for number in range(12):
            job_id = await life.submit(session_id=session)
            if number % 4 == 3:
                await life.cancel(job_id)

    await asyncio.gather(bring(), bring(), work(), work(), work())
    while await life.pool.fetchval("SELECT count(*) FROM jobs WHERE session_id = $1 AND state = 'queued'", session):
        await work()
    assert order == sorted(order)  # type: ignore[type-var]
    assert len(order) >= 12


async def test_an_interrupt_lets_go_who_waited_for_what_it_cancelled(life: Life) -> None:
    session = await life.session()
    both, talk = [await life.submit(holds, session_id=session) for holds in (BOTH, TALK)]
    assert await life.ready(both, talk) == [True, False]
    run = await life.submit(RUN, session_id=session, on_busy=OnBusy.INTERRUPT)
    assert await life.state(both) is State.CANCELLED
    assert await life.ready(talk, run) == [True, True], "a prompt need not wait for a run"


@pytest.mark.parametrize("how", ["ended", "cancelled", "expired", "broken off"])
async def test_one_that_is_submitted_while_the_head_ends_is_not_forgotten(how: str, life: Life) -> None:
    """Whoever passes a session on must see everybody who is in it: it waits for the submit that is under way."""
    session = await life.session()
    head = await life.submit(session_id=session, max_attempts=1, deadline_s=60)
    if how in ("ended", "broken off"):
        claim = await life.claimed(head)
    endings = {
        "ended": lambda: life.end(claim),
        "cancelled": lambda: life.cancel(head),
        "expired": lambda: cancel.expire(life.pool, head),
        "broken off": lambda: life.break_off(claim),
    }
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with life.pool.acquire() as connection, connection.transaction():
        wanted = Submission(DEFAULT_TENANT, life.agent, RUN, {}, session_id=session)
        after = (await submit.submit_in(connection, wanted)).id
        ending = asyncio.create_task(endings[how]())
        async with asyncio.timeout(30):
            while not ending.done() and not await life.pool.fetchval(waits):  # noqa: ASYNC110  (only Postgres knows)
                await asyncio.sleep(0.005)
    await ending
    assert await life.ready(after) == [True]
