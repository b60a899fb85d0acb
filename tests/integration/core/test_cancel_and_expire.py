"""A cancel takes a queued job at once, asks a running one, and does not undo an end."""

from __future__ import annotations

import asyncio

import pytest
from job_life import Life

from core.errors import Conflict, NotFound
from core.ids import new_id
from core.jobs import cancel, reading
from core.jobs.states import State
from core.tenants import DEFAULT_TENANT


async def test_a_queued_job_is_cancelled_at_once_and_its_message_is_worthless(life: Life) -> None:
    job_id = await life.submit()
    picked = await life.release_of(job_id)
    assert await life.cancel(job_id) is State.CANCELLED
    assert await life.story(job_id) == ["job.queued", "job.cancelled"]
    assert await life.claim(picked) is None
    assert (await life.job(job_id)).finished_at is not None


async def test_a_running_job_is_asked_and_goes_on_until_it_hears(life: Life) -> None:
    claim = await life.running()
    assert await life.cancel(claim.id) is State.RUNNING
    first = (await life.job(claim.id)).cancel_requested_at
    assert first is not None
    assert await life.cancel(claim.id) is State.RUNNING
    assert (await life.job(claim.id)).cancel_requested_at == first
    assert await life.say(claim, "still here")
    await life.end(claim, State.CANCELLED)
    assert (await life.story(claim.id))[-2:] == ["stdout", "job.cancelled"]


async def test_a_job_that_finished_before_it_heard_keeps_its_result(life: Life) -> None:
    claim = await life.running()
    await life.cancel(claim.id)
    await life.end(claim, result={"text": "42"})
    assert (await life.job(claim.id)).result == {"text": "42"}


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.EXPIRED])
async def test_what_ended_otherwise_is_not_cancelled(state: State, life: Life) -> None:
    claim = await life.running()
    await life.end(claim, state)
    with pytest.raises(Conflict):
        await life.cancel(claim.id)
    assert await life.state(claim.id) is state


async def test_cancelling_twice_is_one_cancel(life: Life) -> None:
    job_id = await life.submit()
    assert set(await asyncio.gather(*(life.cancel(job_id) for _ in range(6)))) == {State.CANCELLED}
    assert await life.story(job_id) == ["job.queued", "job.cancelled"]


async def test_nobody_cancels_another_tenants_job(life: Life) -> None:
    job_id = await life.submit()
    with pytest.raises(NotFound):
        await cancel.cancel(life.pool, new_id(), job_id)
    with pytest.raises(NotFound):
        await cancel.cancel(life.pool, DEFAULT_TENANT, new_id())
    assert await life.state(job_id) is State.QUEUED


async def test_a_cancel_and_a_claim_at_once_leave_one_of_two_stories(life: Life) -> None:
    for _ in range(10):
        job_id = await life.submit()
        picked = await life.release_of(job_id)
        claim, state = await asyncio.gather(life.claim(picked), life.cancel(job_id))
        if claim is None:
            assert (state, await life.story(job_id)) == (State.CANCELLED, ["job.queued", "job.cancelled"])
        else:
            assert (state, await life.story(job_id)) == (State.RUNNING, ["job.queued", "job.running"])


async def test_only_queued_jobs_past_their_deadline_expire(life: Life) -> None:
    late, early, running = await life.submit(deadline_s=-1), await life.submit(deadline_s=60), await life.running()
    overdue = await cancel.overdue(life.pool)
    assert late in overdue
    assert early not in overdue
    assert await cancel.expire(life.pool, late)
    assert await life.story(late) == ["job.queued", "job.expired"]
    assert not await cancel.expire(life.pool, late)
    assert not await cancel.expire(life.pool, running.id)
    assert await life.state(running.id) is State.RUNNING
    assert late not in await cancel.overdue(life.pool)


async def test_only_what_has_ended_is_deleted_and_then_all_of_it(life: Life) -> None:
    claim = await life.running()
    with pytest.raises(Conflict):
        await reading.delete(life.pool, DEFAULT_TENANT, claim.id)
    await life.end(claim)
    with pytest.raises(NotFound):
        await reading.delete(life.pool, new_id(), claim.id)
    await reading.delete(life.pool, DEFAULT_TENANT, claim.id)
    with pytest.raises(NotFound):
        await life.job(claim.id)
    for table in ("events", "job_inputs", "job_results", "artifacts"):
        assert await life.pool.fetchval(f"SELECT count(*) FROM {table} WHERE job_id = $1", claim.id) == 0


async def test_lists_are_paged_filtered_and_kept_to_their_tenant(life: Life) -> None:
    jobs = [await life.submit(lane=lane) for lane in ("batch", "interactive", "batch")]
    mine = reading.Filter(agent=life.agent)
    assert [job.id for job in await reading.page(life.pool, DEFAULT_TENANT, mine, 2, None)] == [jobs[2], jobs[1]]
    assert [job.id for job in await reading.page(life.pool, DEFAULT_TENANT, mine, 2, jobs[1])] == [jobs[0]]
    batch = reading.Filter(agent=life.agent, lane="batch", state="queued")
    assert [job.id for job in await reading.page(life.pool, DEFAULT_TENANT, batch, 9, None)] == [jobs[2], jobs[0]]
    assert await reading.page(life.pool, new_id(), mine, 9, None) == []
