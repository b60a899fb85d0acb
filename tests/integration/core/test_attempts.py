"""How an attempt ends: well, taken away, or given back; and that a stale one changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from job_life import LEASE, OVER, Life

from core.events import log
from core.ids import new_id
from core.jobs import lease
from core.jobs.lease import Ending
from core.jobs.states import State
from core.workers import repository as workers


async def everything(life: Life, job_id: Any) -> tuple[Any, ...]:
    """All that is kept of a job."""
    return (
        await life.row(job_id),
        await log.read(life.pool, job_id, 0, 1000),
        await life.pool.fetch("SELECT * FROM job_results WHERE job_id = $1", job_id),
    )


async def test_an_end_writes_the_rest_of_the_events_then_the_terminal_one(life: Life) -> None:
    claim = await life.running()
    seq = await life.end(
        claim,
        result={"text": "42"},
        usage={"model": "m"},
        events=[("stdout", {"text": "a"}), ("stderr", {"text": "b"})],
    )
    assert await life.story(claim.id) == ["job.queued", "job.running", "stdout", "stderr", "job.succeeded"]
    job = await life.job(claim.id)
    assert seq == job.last_seq == 5
    assert (job.state, job.result, job.usage, job.error) == (State.SUCCEEDED, {"text": "42"}, {"model": "m"}, None)
    assert job.finished_at is not None


async def test_of_many_ends_at_once_one_counts(life: Life) -> None:
    claim = await life.running()
    states = [State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED] * 3
    ends = await asyncio.gather(
        *(
            life.end(claim, state, result={"n": n}, events=[("stdout", {"text": str(n)})])
            for n, state in enumerate(states)
        )
    )
    [winner] = [n for n, seq in enumerate(ends) if seq is not None]
    job = await life.job(claim.id)
    assert (job.state, job.result) == (states[winner], {"n": winner})
    assert (await life.story(claim.id))[2:] == ["stdout", f"job.{states[winner]}"]


async def test_a_stale_attempts_end_changes_nothing(life: Life) -> None:
    session = await life.session()
    old = await life.running(session_id=session)
    await life.break_off(old)
    await life.due_now(old.id)
    before = await everything(life, old.id)
    assert await life.end(old, result={"stale": True}, events=[("stdout", {"text": "late"})]) is None
    assert await everything(life, old.id) == before
    new = await life.claimed(old.id)
    before = await everything(life, old.id)
    assert await life.end(old, result={"stale": True}) is None
    assert await life.end(old, events=[("stdout", {"text": "late"})]) is None
    assert await lease.hand_back(life.pool, old, "late") is None
    assert await life.break_off(old) is None
    assert await everything(life, old.id) == before
    assert await life.end(new)


async def test_renewing_extends_leases_and_tells_of_cancels_and_losses(life: Life) -> None:
    mine, wanted_stopped, lost = await life.running(OVER), await life.running(), await life.running()
    await life.cancel(wanted_stopped.id)
    await life.break_off(lost)
    assert (mine.id, 1) in await lease.lost(life.pool)
    held = [(claim.id, claim.attempt) for claim in (mine, wanted_stopped, lost)]
    assert (await lease.renew(life.pool, new_id(), held, LEASE, stopping=False)).mine == {
        mine.held: False,
        wanted_stopped.held: True,
    }
    assert mine.id not in [job for job, _ in await lease.lost(life.pool)]
    stale = [(mine.id, 2)]
    assert (await lease.renew(life.pool, new_id(), stale, LEASE, stopping=False)).mine == {}


async def test_renewing_says_that_the_process_is_alive(life: Life) -> None:
    worker = new_id()
    await workers.register(life.pool, worker, "p", [life.agent], "h", 1, 2, {})
    await life.pool.execute("UPDATE workers SET heartbeat_at = now() - interval '1 hour' WHERE id = $1", worker)
    assert worker not in [one.id for one in await workers.alive(life.pool)]
    await lease.renew(life.pool, worker, [], LEASE, stopping=False)
    assert worker in [one.id for one in await workers.alive(life.pool)]
    await lease.renew(life.pool, worker, [], LEASE, stopping=True)
    assert worker not in [one.id for one in await workers.alive(life.pool)]


async def test_only_leases_that_ran_out_are_lost(life: Life) -> None:
    lost, held = await life.running(OVER), await life.running()
    found = [job for job, _ in await lease.lost(life.pool)]
    assert lost.id in found
    assert held.id not in found


async def test_a_broken_attempt_is_retried_visibly_after_a_while(life: Life) -> None:
    claim = await life.running()
    assert await life.break_off(claim) is State.QUEUED
    assert await life.story(claim.id) == ["job.queued", "job.running", "job.retrying"]
    told = (await log.read(life.pool, claim.id, 2, 1))[0]
    assert told.data["reason"] == "the test said so"
    assert told.data["next_attempt_at"] == (await life.job(claim.id)).view()["run_at"]
    assert claim.id not in [one.job_id for one in await life.release()]
    await life.due_now(claim.id)
    assert (await life.claimed(claim.id)).attempt == 2


async def test_attempts_are_counted_and_bounded(life: Life) -> None:
    claim = await life.running(max_attempts=2)
    assert await life.break_off(claim) is State.QUEUED
    await life.due_now(claim.id)
    claim = await life.claimed(claim.id)
    assert await life.break_off(claim) is State.FAILED
    job = await life.job(claim.id)
    assert job.error is not None
    assert job.error["type"] == "attempts-exhausted"
    assert "2 of 2" in job.error["detail"]
    assert "the test said so" in job.error["detail"]
    assert (await life.story(claim.id))[-2:] == ["job.running", "job.failed"]


async def test_a_job_handed_back_costs_no_attempt_and_waits_for_nothing(life: Life) -> None:
    claim = await life.running(max_attempts=2)
    for _ in range(3):
        assert await lease.hand_back(life.pool, claim, "the worker was stopped")
        assert await life.state(claim.id) is State.QUEUED
        claim = await life.claimed(claim.id)
    assert claim.attempt == 4  # the fence moves on all the same
    assert await life.break_off(claim) is State.QUEUED
    await life.due_now(claim.id)
    assert await life.break_off(await life.claimed(claim.id)) is State.FAILED


async def test_a_job_handed_back_whose_cancel_was_asked_for_is_cancelled(life: Life) -> None:
    claim = await life.running()
    await life.cancel(claim.id)
    assert await lease.hand_back(life.pool, claim, "the worker was stopped") is State.CANCELLED
    assert (await life.story(claim.id))[-1] == "job.cancelled"


async def test_a_cancel_that_was_asked_for_wins_over_a_retry(life: Life) -> None:
    claim = await life.running()
    await life.cancel(claim.id)
    assert await life.break_off(claim) is State.CANCELLED
    assert (await life.story(claim.id))[-1] == "job.cancelled"
    assert (await life.job(claim.id)).error is None


async def test_a_broken_attempt_past_its_deadline_expires(life: Life) -> None:
    claim = await life.running(deadline_s=60)
    await life.pool.execute("UPDATE jobs SET deadline_at = now() WHERE id = $1", claim.id)
    assert await life.break_off(claim) is State.EXPIRED


async def test_an_end_is_all_or_nothing(life: Life) -> None:
    """An ending whose state the database refuses leaves the events that came with it unwritten too."""
    claim = await life.running()
    before = await everything(life, claim.id)
    bad: Any = Ending(State.SUCCEEDED, events=[("stdout", {"text": "x"})])
    bad.state = State.RUNNING
    try:
        await lease.end(life.pool, [(claim, bad)])
    except Exception as error:
        assert "check constraint" in str(error) or "violates" in str(error)
    else:
        raise AssertionError("the database took an end that is none")
    assert await everything(life, claim.id) == before
    assert await life.end(replace(claim))
