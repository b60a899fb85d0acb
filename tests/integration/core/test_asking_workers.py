"""A worker's job that asks: it waits, hears of its answer, and can still be stopped; none of that is run time."""

from __future__ import annotations

from typing import Any

import pytest
from job_life import Life
from worker_rig import ended, offer, until

from core.events import log
from core.jobs import cancel, questions
from core.jobs.hints import AnswerHints, StopHints
from core.jobs.states import State
from core.tenants import DEFAULT_TENANT
from workers import asking, job_run
from workers.context import Context, Interrupted
from workers.process import WorkerProcess


async def ask(context: Context) -> str | None:
    text = await context.ask("name? ", password=True)
    if context.stop.is_set():
        raise Interrupted
    return text


async def asked(life: Life, job_id: Any) -> dict[str, Any] | None:
    """What it asks."""
    found = [event for event in await log.read(life.pool, job_id, 0, 100) if event.type == "input.requested"]
    return found[0].data if found else None


async def answer(life: Life, job_id: Any, text: str) -> None:
    question = await until(lambda: asked(life, job_id))
    assert (question["prompt"], question["password"]) == ("name? ", True)
    await questions.answer(life.pool, DEFAULT_TENANT, job_id, question["request"], text)


async def test_a_hint_brings_the_answer_at_once(
    life: Life, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LOOK_EVERY_S", 60.0)  # by itself the worker would look too late
    job_id = await offer(life, worker, "asks", ask)
    await answer(life, job_id, "Ada")
    async with AnswerHints(worker.settings) as hints:

        async def told_and_ended() -> bool:
            hints.tell(job_id)  # again and again: the worker may not have subscribed yet
            return await ended(life, job_id)

        await until(told_and_ended)
    assert (await life.job(job_id)).result == {"said": "Ada"}
    assert await life.story(job_id) == [
        "job.queued",
        "job.running",
        "input.requested",
        "input.received",
        "job.succeeded",
    ]
    assert "Ada" not in str([event.data for event in await log.read(life.pool, job_id, 0, 100)])


async def test_without_a_hint_the_worker_looks_by_itself(life: Life, worker: WorkerProcess) -> None:
    job_id = await offer(life, worker, "asks", ask)
    await answer(life, job_id, "Ada")
    await until(lambda: ended(life, job_id))
    assert (await life.job(job_id)).result == {"said": "Ada"}


async def test_a_job_that_asks_is_cancelled_at_once(life: Life, worker: WorkerProcess) -> None:
    job_id = await offer(life, worker, "asks", ask)
    await until(lambda: asked(life, job_id))
    assert await cancel.cancel(life.pool, DEFAULT_TENANT, job_id) is State.RUNNING
    async with StopHints(worker.settings) as hints:

        async def told_and_stopped() -> bool:
            hints.tell(job_id)
            return await life.state(job_id) is State.CANCELLED

        await until(told_and_stopped)
    assert await life.pool.fetchval("SELECT count(*) FROM questions WHERE job_id = $1", job_id) == 0


async def test_waiting_is_no_run_time_and_has_a_bound_of_its_own(
    life: Life, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent's limit passes while it asks; what ends is the question."""
    monkeypatch.setattr(job_run, "OVERTIME_S", -59.0)  # of the 60 of the agent one second is left
    monkeypatch.setattr(worker.settings, "input_wait_s", 2.0)
    job_id = await offer(life, worker, "asks", ask)
    await until(lambda: ended(life, job_id))
    assert (await life.job(job_id)).result == {"said": None}
    assert (await life.story(job_id))[-2:] == ["input.requested", "job.succeeded"]


async def test_its_deadline_passes_also_while_it_asks(life: Life, worker: WorkerProcess) -> None:
    job_id = await offer(life, worker, "asks", ask, deadline_s=1.5)
    await until(lambda: ended(life, job_id))
    assert await life.state(job_id) is State.EXPIRED


async def test_a_shutdown_hands_back_what_asks_and_the_old_question_is_over(life: Life, worker: WorkerProcess) -> None:
    job_id = await offer(life, worker, "asks", ask)
    question = await until(lambda: asked(life, job_id))
    (run,) = worker.running.values()
    run.stop("shutdown")
    await until(lambda: _queued(life, job_id))
    assert (await life.story(job_id))[-1] == "job.retrying"
    assert await life.pool.fetchval("SELECT count(*) FROM questions WHERE job_id = $1", job_id) == 0
    assert question["request"]


async def _queued(life: Life, job_id: Any) -> bool:
    return await life.state(job_id) is State.QUEUED
