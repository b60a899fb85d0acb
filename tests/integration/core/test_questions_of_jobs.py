"""What a job asks is answered once, by whom it belongs to, while the attempt that asks still runs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from job_life import LEASE, OVER, Life

from core.access import tenants
from core.access.operator import OPERATOR
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.jobs import lease, questions
from core.jobs.lease import Claim
from core.jobs.states import State
from core.tenants import DEFAULT_TENANT


async def asking(life: Life, request: str = "q1", lasting: timedelta = LEASE) -> Claim:
    claim = await life.running(lasting)
    assert await questions.ask(life.pool, claim.held, request)
    return claim


async def kept(life: Life, claim: Claim) -> list[str | None]:
    rows = await life.pool.fetch("SELECT text FROM questions WHERE job_id = $1", claim.id)
    return [row["text"] for row in rows]


async def test_the_first_answer_counts_and_is_deleted_when_it_is_taken(life: Life) -> None:
    claim = await asking(life)
    assert await questions.take(life.pool, claim.held, "q1") is None
    answers = [questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", str(n)) for n in range(10)]
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert results.count("q1") == 1
    assert sum(isinstance(one, Conflict) for one in results) == 9
    assert await questions.take(life.pool, claim.held, "q1") == str(results.index("q1"))
    assert await kept(life, claim) == []
    with pytest.raises(Conflict):
        await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", "late")


async def test_an_answer_may_leave_out_which_question_it_is_for(life: Life) -> None:
    claim = await asking(life)
    assert await questions.answer(life.pool, DEFAULT_TENANT, claim.id, None, "x") == "q1"
    with pytest.raises(Conflict):
        await questions.answer(life.pool, DEFAULT_TENANT, claim.id, None, "y")


async def test_only_the_question_that_is_open_is_answered(life: Life) -> None:
    claim = await asking(life)
    assert await questions.ask(life.pool, claim.held, "q2")
    with pytest.raises(Conflict):
        await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", "x")
    assert await questions.close(life.pool, claim.held, "q1") is None
    assert await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q2", "y") == "q2"
    assert await questions.close(life.pool, claim.held, "q2") == "y"  # just in time
    assert await kept(life, claim) == []


async def test_a_stranger_is_told_of_no_job(life: Life) -> None:
    claim = await asking(life)
    async with life.pool.acquire() as connection:
        other = await tenants.create(connection, OPERATOR, f"stranger-{claim.id}")
    for tenant, job_id in ((other.id, claim.id), (DEFAULT_TENANT, new_id())):
        with pytest.raises(NotFound):
            await questions.answer(life.pool, tenant, job_id, "q1", "x")
    assert await kept(life, claim) == [None]


async def test_the_question_of_a_lost_attempt_is_stale_and_its_answer_is_gone(life: Life) -> None:
    claim = await asking(life, lasting=OVER)
    await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", "secret")
    assert await lease.break_off(life.pool, claim.id, claim.attempt, "lost") is State.QUEUED
    assert await kept(life, claim) == []
    with pytest.raises(Conflict):
        await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", "x")
    assert not await questions.ask(life.pool, claim.held, "q3")  # it holds the job no more


async def test_only_the_attempt_that_asks_is_answered(life: Life) -> None:
    claim = await asking(life)
    await life.pool.execute("UPDATE questions SET attempt = attempt - 1 WHERE job_id = $1", claim.id)
    with pytest.raises(Conflict):
        await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", "x")


async def test_a_job_that_ended_asks_nothing(life: Life) -> None:
    claim = await asking(life)
    await life.end(claim)
    with pytest.raises(Conflict):
        await questions.answer(life.pool, DEFAULT_TENANT, claim.id, "q1", "x")
    await questions.forget_stale(life.pool)
    assert await kept(life, claim) == []


async def test_what_is_asked_is_not_forgotten_by_the_way(life: Life) -> None:
    claim = await asking(life)
    await questions.forget_stale(life.pool)
    assert await kept(life, claim) == [None]
