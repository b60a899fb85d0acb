"""A job exists when its row is committed, and one attempt at a time may have it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from job_life import Life

from core.errors import NotFound
from core.ids import new_id
from core.jobs import submit
from core.jobs.release import Release
from core.jobs.states import Holds, State
from core.tenants import DEFAULT_TENANT


async def test_a_submitted_job_is_queued_with_its_first_event(life: Life) -> None:
    job_id = await life.submit(input={"code": "1"}, metadata={"a": "b"}, priority=7, lane="batch")
    job = await life.job(job_id)
    assert (job.state, job.attempt, job.last_seq) == (State.QUEUED, 0, 1)
    assert (job.input, job.metadata, job.priority, job.lane) == ({"code": "1"}, {"a": "b"}, 7, "batch")
    assert await life.story(job_id) == ["job.queued"]


async def test_what_submit_returns_is_what_reading_gives(life: Life) -> None:
    session = await life.session()
    for where in (None, session):
        wanted = submit.Submission(
            DEFAULT_TENANT, life.agent, Holds.SANDBOX, {"a": "\x00"}, where, deadline_s=60, metadata={"x": "y"}
        )
        returned = await submit.submit(life.pool, wanted)
        assert returned == await life.job(returned.id)


async def test_a_job_without_a_session_is_ready_and_holds_nothing(life: Life) -> None:
    job_id = await life.submit(Holds.CONVERSATION | Holds.SANDBOX)
    row = await life.row(job_id)
    assert (row["ready"], row["holds"], row["session_seq"]) == (True, 0, None)


async def test_a_job_for_an_unknown_session_is_not_written(life: Life) -> None:
    with pytest.raises(NotFound):
        await life.submit(session_id=new_id())
    assert await life.pool.fetchval("SELECT count(*) FROM jobs WHERE agent = $1", life.agent) == 0


async def test_a_job_for_another_tenants_session_is_not_written(life: Life) -> None:
    stranger = new_id()
    await life.pool.execute("INSERT INTO tenants (id, name) VALUES ($1, $2)", stranger, str(stranger))
    with pytest.raises(NotFound):
        await life.submit(session_id=await life.session(), tenant_id=stranger)


async def test_a_sessions_jobs_are_numbered_in_the_order_they_came_even_all_at_once(life: Life) -> None:
    session = await life.session()
    ids = await asyncio.gather(*(life.submit(session_id=session) for _ in range(12)))
    rows = [await life.row(job_id) for job_id in ids]
    assert sorted(row["session_seq"] for row in rows) == list(range(1, 13))
    assert [row["session_seq"] for row in rows if row["ready"]] == [1]


async def test_a_released_job_is_claimed_once(life: Life) -> None:
    job_id = await life.submit()
    picked = await life.release_of(job_id)
    claims = await asyncio.gather(*(life.claim(picked) for _ in range(8)))
    [claim] = [claim for claim in claims if claim is not None]
    assert claim.attempt == 1
    assert await life.story(job_id) == ["job.queued", "job.running"]
    assert await life.state(job_id) is State.RUNNING


async def test_a_job_that_was_never_released_is_not_claimed(life: Life) -> None:
    job_id = await life.submit()
    assert await life.claim(Release(job_id, 0, life.agent, "interactive")) is None


async def test_a_stale_release_is_forgotten(life: Life) -> None:
    first = await life.running()
    await life.break_off(first)
    await life.due_now(first.id)
    again = await life.release_of(first.id)
    assert again.release == 2
    assert await life.claim(replace(again, release=1)) is None
    claim = await life.claim(again)
    assert claim is not None
    assert claim.attempt == 2


async def test_a_release_is_worthless_while_the_job_waits_for_its_next_attempt(life: Life) -> None:
    job_id = await life.submit()
    picked = await life.release_of(job_id)
    claim = await life.claim(picked)
    assert claim is not None
    await life.break_off(claim)
    assert await life.claim(picked) is None


async def test_a_job_past_its_deadline_is_neither_released_nor_claimed(life: Life) -> None:
    job_id = await life.submit(deadline_s=60)
    picked = await life.release_of(job_id)
    await life.pool.execute("UPDATE jobs SET deadline_at = now() WHERE id = $1", job_id)
    assert await life.claim(picked) is None
    late = await life.submit(deadline_s=-1)
    assert late not in [one.job_id for one in await life.release()]


async def test_a_claim_knows_how_long_it_has(life: Life) -> None:
    claim = await life.running(deadline_s=100)
    assert claim.seconds_left is not None
    assert 0 < claim.seconds_left <= 100
    assert (await life.running()).seconds_left is None
