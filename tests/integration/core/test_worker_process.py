"""A worker's process against a real Postgres: what it does when it was away, when Postgres was, and when it stops."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg
import pytest
from job_life import Life
from worker_rig import SCRIPTS, ended, offer, offer_again, until

from core.database.pool import Pool, connect
from core.events import log
from core.jobs import cancel, lease
from core.jobs.hints import StopHints
from core.jobs.states import Failure, State
from core.settings import Settings
from core.tenants import DEFAULT_TENANT
from embedded.redis import RedisServer
from workers.context import AgentFailure, Context, InfrastructureFault, Interrupted
from workers.event_writer import EventWriter
from workers.process import WorkerProcess


async def texts(life: Life, job_id: Any) -> list[tuple[int, str]]:
    """What was said, and under which attempt."""
    events = await log.read(life.pool, job_id, 0, 1000)
    return [(event.attempt, event.data["text"]) for event in events if event.type == "stdout"]


async def test_a_cancel_is_heard_before_the_next_heartbeat(
    life: Life, worker: WorkerProcess, redis_server: RedisServer
) -> None:
    """The worker's next beat is a minute away; the job that nobody spoke of runs on."""

    async def script(context: Context) -> str:
        context.emit("stdout", text="begin")
        await context.stop.wait()
        raise Interrupted

    job_id, other = await offer(life, worker, "stops", script), await offer(life, worker, "runs on", script)
    await until(lambda: texts(life, job_id))
    await until(lambda: texts(life, other))
    assert await cancel.cancel(life.pool, DEFAULT_TENANT, job_id) is State.RUNNING
    async with StopHints(worker.settings) as hints:

        async def told_and_stopped() -> bool:
            hints.tell(job_id)  # again and again: the worker may not have subscribed yet
            return await life.state(job_id) is State.CANCELLED

        await until(told_and_stopped)
    assert await life.state(other) is State.RUNNING


async def test_a_hint_that_nobody_asked_for_stops_nothing(life: Life, worker: WorkerProcess) -> None:
    """Redis is believed only so far that Postgres is asked."""
    may_end = asyncio.Event()

    async def script(context: Context) -> str:
        stopped, waited = asyncio.create_task(context.stop.wait()), asyncio.create_task(may_end.wait())
        await asyncio.wait({stopped, waited}, return_when=asyncio.FIRST_COMPLETED)
        return "stopped" if context.stop.is_set() else "to the end"

    job_id = await offer(life, worker, "is not to stop", script)
    beaten = await life.pool.fetchval("SELECT heartbeat_at FROM workers WHERE id = $1", worker.id)
    async with StopHints(worker.settings) as hints:

        async def told_and_looked() -> bool:
            hints.tell(job_id)
            now: bool = await life.pool.fetchval(
                "SELECT heartbeat_at > $2 FROM workers WHERE id = $1", worker.id, beaten
            )
            return now

        await until(told_and_looked)
    may_end.set()
    await until(lambda: ended(life, job_id))
    assert (await life.job(job_id)).result == {"said": "to the end"}


async def test_a_job_that_comes_back_to_the_process_that_lost_it_is_not_mixed_up(
    life: Life, worker: WorkerProcess
) -> None:
    """The old attempt still runs there and does not know: it neither writes for the new one, nor takes its place."""
    new_may_end = asyncio.Event()
    old: set[asyncio.Task[None]] = set()

    async def script(context: Context) -> str:
        attempt = context.claim.attempt
        context.emit("stdout", text=f"begin {attempt}")
        await context.flush()
        if attempt == 1:
            old.update(worker._tasks)
            while not context.stop.is_set():
                context.emit("stdout", text="late")
                await asyncio.sleep(0.005)
            raise Interrupted
        await asyncio.wait(old, timeout=30)  # to its last step
        assert list(worker.running) == [context.claim.held]
        await asyncio.wait_for(new_may_end.wait(), 30)
        return f"by {attempt}"

    job_id = await offer(life, worker, "comes back", script)
    await until(lambda: texts(life, job_id))
    assert await lease.break_off(life.pool, job_id, 1, "the test said so") is State.QUEUED
    before = len(await log.read(life.pool, job_id, 0, 1000))
    await life.due_now(job_id)
    await offer_again(life, worker, job_id)
    worker._loop.call_soon_threadsafe(new_may_end.set)  # type: ignore[union-attr]
    await until(lambda: ended(life, job_id))
    job = await life.job(job_id)
    assert (job.state, job.attempt, job.result) == (State.SUCCEEDED, 2, {"said": "by 2"})
    later = await log.read(life.pool, job_id, before, 1000)
    assert [(one.attempt, one.type) for one in later] == [(2, "job.running"), (2, "stdout"), (2, "job.succeeded")]
    assert (2, "begin 2") in await texts(life, job_id)


async def test_a_message_that_comes_twice_at_once_runs_its_job_once(life: Life, worker: WorkerProcess) -> None:
    runs = []

    async def script(context: Context) -> str:
        runs.append(context.claim.held)
        async with asyncio.timeout(30):
            # Until the other was refused; a second run would wait for this one.
            while len(worker._tasks) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        return "once"

    SCRIPTS["twice"] = script
    picked = await life.release_of(await life.submit(input={"name": "twice"}))
    pick = (picked.job_id, picked.release)
    assert await asyncio.to_thread(worker.offer, [pick, pick])
    await until(lambda: ended(life, picked.job_id))
    assert runs == [(picked.job_id, 1)]


async def test_an_agent_that_finds_postgres_away_is_tried_again(life: Life, worker: WorkerProcess) -> None:
    async def script(context: Context) -> str:
        if context.claim.attempt == 1:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return "well"

    job_id = await offer(life, worker, "database away", script)

    async def queued_again() -> bool:
        row = await life.row(job_id)
        return (row["state"], row["attempt"]) == ("queued", 1)

    await until(queued_again)
    await life.due_now(job_id)
    await offer_again(life, worker, job_id)
    await until(lambda: ended(life, job_id))
    assert (await life.job(job_id)).result == {"said": "well"}


async def test_what_a_broken_attempt_spent_is_counted_beside_what_the_next_does(
    life: Life, worker: WorkerProcess
) -> None:
    spent = {"model": "m", "input_tokens": 1000, "output_tokens": 7}

    async def script(context: Context) -> str:
        await context.check_budget(spent)
        if context.claim.attempt == 1:
            raise InfrastructureFault("the sandbox was lost")
        return "well"

    async def counted() -> int:
        count: int = await life.pool.fetchval(
            "SELECT coalesce(sum(input_tokens), 0)::bigint FROM usage_days WHERE worker_id = $1", worker.id
        )
        return count

    before = await counted()
    job_id = await offer(life, worker, "spends and breaks", script)

    async def queued_again() -> bool:
        row = await life.row(job_id)
        return (row["state"], row["attempt"]) == ("queued", 1)

    await until(queued_again)
    assert await counted() == before + 1000
    await life.due_now(job_id)
    await offer_again(life, worker, job_id)
    await until(lambda: ended(life, job_id))


async def test_a_full_process_refuses_picks_that_wait_as_soon_as_it_is_to_stop(
    life: Life, worker: WorkerProcess
) -> None:
    """Celery waits for its tasks before it lets the process stop: one that waits for a slot must not keep it."""

    async def script(context: Context) -> str:
        await context.stop.wait()
        raise Interrupted

    running = [await offer(life, worker, "long", script) for _ in range(2)]

    async def both_run() -> bool:
        return len(worker.running) == 2

    async def both_wait() -> bool:
        return len(worker._slots._waiters or ()) == 2  # type: ignore[attr-defined]

    await until(both_run)
    SCRIPTS["waits"] = script
    waiting = [await life.release_of(await life.submit(input={"name": "waits"})) for _ in range(2)]
    offers = [asyncio.to_thread(worker.offer, [(one.job_id, one.release)]) for one in waiting]
    both = asyncio.gather(*offers)
    await until(both_wait)
    worker.take_no_more()
    async with asyncio.timeout(30):
        assert await both == [False, False]
    assert [await life.state(job_id) for job_id in running] == [State.RUNNING] * 2
    await asyncio.to_thread(worker.stop)
    assert [(await life.story(job_id))[-1] for job_id in running] == ["job.retrying"] * 2
    assert [await life.state(one.job_id) for one in waiting] == [State.QUEUED] * 2


# --- the writer of events -------------------------------------------------------------------------------------


class Unlucky:
    """A pool whose next appends fail as told: before the statement, or after its commit."""

    def __init__(self, pool: Pool, *failures: tuple[str, Exception]) -> None:
        self._pool, self._failures = pool, list(failures)

    async def fetch(self, statement: str, *values: Any) -> Any:
        if "INSERT" not in statement or not self._failures:
            return await self._pool.fetch(statement, *values)
        when, error = self._failures.pop(0)
        if when == "after":
            await self._pool.fetch(statement, *values)
        raise error


class Ears:
    """What was published."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def events(self, events: list[log.Event]) -> None:
        self.heard += [event.seq for event in events]


LOST = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
STOPPING = asyncpg.exceptions.AdminShutdownError("terminating connection due to administrator command")
STARTING = asyncpg.CannotConnectNowError("the database system is starting up")
FAREWELL = asyncpg.exceptions.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
DEADLOCK = asyncpg.DeadlockDetectedError("deadlock detected")


@pytest.mark.parametrize(
    "failures",
    [
        [("before", STOPPING), ("before", STARTING)],
        [("before", LOST)],
        [("before", FAREWELL)],
        [("after", LOST)],
        [("after", STOPPING), ("before", STARTING)],
        [("before", STARTING), ("after", LOST)],
    ],
    ids=[
        "stopping and starting",
        "lost before",
        "said farewell",
        "lost after",
        "stopped after",
        "started, then lost after",
    ],
)
async def test_events_are_stored_once_whatever_postgres_answers(
    failures: list[tuple[str, Exception]], life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.event_writer.RETRY_S", 0)
    claim, other = await life.running(), await life.running()
    ears: Any = Ears()
    pool: Any = Unlucky(life.pool, *failures)
    lost: list[Any] = []
    writer = EventWriter(pool, ears, 0, lost.append)
    for one in (claim, other):
        writer.begin(one.running)
    task = asyncio.create_task(writer.run())
    for text in ("same", "same", "same"):  # repeated on purpose: what is stored is told by its place, not its content
        for one in (claim, other):
            writer.add(one.held, "job.progress", {"message": text})
            await writer.flush(one.held)
    task.cancel()
    for one in (claim, other):
        assert await writer.take(one.held) == []
        assert await life.story(one.id) == ["job.queued", "job.running", *["job.progress"] * 3]
    assert not lost
    assert sorted(ears.heard) == [3, 3, 4, 4, 5, 5]


async def test_a_group_that_postgres_refuses_is_written_job_by_job(life: Life) -> None:
    jobs = [await life.running() for _ in range(3)]
    ears: Any = Ears()
    pool: Any = Unlucky(life.pool, ("before", DEADLOCK))
    writer = EventWriter(pool, ears, 0.01, lambda _: None)
    for one in jobs:
        writer.begin(one.running)
        writer.add(one.held, "stdout", {"text": "x"})
    task = asyncio.create_task(writer.run())

    async def written() -> bool:
        return len(ears.heard) == len(jobs)

    await until(written)
    task.cancel()
    for one in jobs:
        assert (await life.story(one.id))[2:] == ["stdout"]


# --- what a frozen process holds ------------------------------------------------------------------------------


async def test_a_process_that_froze_in_mid_transaction_does_not_keep_the_reaper(life: Life, database: str) -> None:
    session = await life.session()
    claim = await life.running(session_id=session)
    frozen = await connect(Settings(DATABASE_URL=database, lease_s=1.5))  # type: ignore[call-arg]
    await frozen.execute("BEGIN")
    await lease.lock_session(frozen, session)
    began = time.monotonic()
    async with asyncio.timeout(60):
        assert await life.break_off(claim) is State.QUEUED
    assert time.monotonic() - began >= 1, "the lock was not held at all"
    frozen.terminate()


async def test_what_an_agent_saves_becomes_the_sessions_however_the_job_ends(life: Life, worker: WorkerProcess) -> None:
    async def script(context: Context) -> str:
        await context.save_file("a.txt", b"one")
        await context.save_file("a.txt", b"two")
        raise AgentFailure(Failure.INTERNAL, "No", "It did not go well.")

    session = await life.session()
    job_id = await offer(life, worker, "saves", script, session_id=session)
    await until(lambda: ended(life, job_id))

    async def reads(context: Context) -> str:
        [file] = await context.files()
        [turn] = [turn for turn in await context.history() if turn.input["name"] == "saves"]
        return f"{file.path} {(await context.read_file('a.txt')).decode()} {turn.error and turn.error['title']}"

    reader = await offer(life, worker, "reads", reads, session_id=session)
    await until(lambda: ended(life, reader))
    assert (await life.job(reader)).result == {"said": "a.txt two No"}
    events = [event.data for event in await log.read(life.pool, job_id, 0, 1000) if event.type == "file.changed"]
    assert [(event["path"], event["change"]) for event in events] == [("a.txt", "created"), ("a.txt", "modified")]


@pytest.mark.parametrize("type_", ["job.succeeded", "job.queued", "queue.position", "made.up"])
async def test_an_agent_can_not_tell_the_jobs_own_life(life: Life, worker: WorkerProcess, type_: str) -> None:
    async def script(context: Context) -> str:
        context.emit(type_)
        return "told"

    job_id = await offer(life, worker, f"tells {type_}", script)
    await until(lambda: ended(life, job_id))
    assert (await life.job(job_id)).error["type"] == "internal"
    assert [event for event in await life.story(job_id) if event == type_][1:] == []


async def test_a_file_that_is_not_there_is_no_fault_of_ours(life: Life, worker: WorkerProcess) -> None:
    async def script(context: Context) -> str:
        return (await context.read_file("none")).decode()

    job_id = await offer(life, worker, "misses", script, session_id=await life.session())
    await until(lambda: ended(life, job_id))
    error = (await life.job(job_id)).error
    assert (error["type"], error["detail"]) == ("user-code-error", "The session has no file 'none'.")
