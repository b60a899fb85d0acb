"""A worker that lives and is of no use ends itself, says why, and shows what its threads were doing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from services import Program

from core.database.pool import Pool
from core.jobs import lease, release, submit
from core.jobs.states import Holds, Lane, State
from core.jobs.submit import Submission
from core.settings import Settings
from core.tenants import DEFAULT_TENANT
from embedded.redis import RedisServer
from tests.chaos.agents import STEPS
from workers.dispatcher.messages import Messages
from workers.heartbeat import STUCK_EXIT

BEAT_S = 0.2
BEATS_OF_SILENCE = 4
"""More than it takes to call a worker deaf."""
STUCK_SOON = {"ACI_LEASE_S": "1.5", "ACI_WORKER_DEAF_S": "60"}
DEAF_SOON = {"ACI_LEASE_S": "60", "ACI_WORKER_DEAF_S": "0.5"}
"""Impatient in one thing only: on a busy machine it would else end for the other reason."""


@pytest.fixture
def start_worker(database: str, redis_server: RedisServer, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts a worker's program with one slot more than the test needs."""
    started: list[Program] = []

    def start(patience: dict[str, str]) -> Program:
        program = Program(
            "steps",
            tmp_path / "worker.log",
            ["-m", "workers", "--pool", STEPS.pool],
            {
                "DATABASE_URL": database,
                "REDIS_URL": redis_server.url,
                "ACI_AGENTS": "tests.chaos.agents:STEPS",
                "ACI_WORKER_SLOTS": "2",
                "ACI_HEARTBEAT_S": str(BEAT_S),
                **patience,
            },
        )
        program.start()
        started.append(program)
        return program

    yield start
    for program in started:
        program.kill()


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110  (another process does it)
            await asyncio.sleep(0.02)


async def heartbeat(pool: Pool, worker: Program) -> Any:
    """When it last said that it lives; None before it is entered. Others' rows outlive them for a while."""
    return await pool.fetchval("SELECT heartbeat_at FROM workers WHERE pid = $1", worker.pid)


async def released(pool: Pool, **input_: Any) -> release.Release:
    """A job of the agent, given to the broker as far as Postgres knows."""
    wanted = Submission(tenant_id=DEFAULT_TENANT, agent=STEPS.name, holds=Holds.NOTHING, input=input_)
    job = await submit.submit(pool, wanted)
    async with pool.acquire() as connection, connection.transaction():
        picks, _ = await release.release(connection, STEPS.name, Lane.INTERACTIVE, 10, release.FIRST_TENANT)
    return next(pick for pick in picks if pick.job_id == job.id)


@pytest.fixture
def messages(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Messages]:
    monkeypatch.setattr("workers.dispatcher.messages.agents", lambda: {STEPS.name: STEPS})
    made = Messages(Settings(REDIS_URL=redis_server.url))  # type: ignore[call-arg]
    yield made
    made.close()


async def test_a_worker_whose_loop_is_stuck_lets_its_jobs_go_and_ends(
    pool: Pool, start_worker: Callable[..., Program], messages: Messages
) -> None:
    """Its lease runs out while it still lives, so that another may have the job; then it ends, with the stacks."""
    worker = start_worker(STUCK_SOON)
    await until(lambda: heartbeat(pool, worker))
    pick = await released(pool, steps=2, fails="block")
    assert await messages.send([pick])

    async def lease_ran_out() -> bool:
        return (pick.job_id, 1) in await lease.lost(pool)

    await until(lease_ran_out)
    assert await lease.break_off(pool, pick.job_id, 1, "its worker was lost") is State.QUEUED
    assert await asyncio.to_thread(worker.wait) == STUCK_EXIT
    log = worker.log.read_text()
    assert "its loop has not moved for" in log
    assert "runner.py" in log[log.index("What its threads were doing") :]


async def test_a_deaf_worker_ends_when_jobs_wait_for_it(
    pool: Pool, start_worker: Callable[..., Program], messages: Messages
) -> None:
    """A job is released and its message never comes: with room for it and a broker that answers, that is deafness."""
    worker = start_worker(DEAF_SOON)
    await until(lambda: heartbeat(pool, worker))
    await released(pool, steps=1)
    assert await asyncio.to_thread(worker.wait) == STUCK_EXIT
    assert "jobs wait for it and no message arrives" in worker.log.read_text()


async def test_silence_is_no_deafness_while_the_broker_is_away(
    pool: Pool, start_worker: Callable[..., Program], redis_server: RedisServer
) -> None:
    """It goes on living, which its heartbeats show, for as long as Redis does not answer."""
    worker = start_worker(DEAF_SOON)
    await until(lambda: heartbeat(pool, worker))
    redis_server.pause()
    try:
        await released(pool, steps=1)
        beats: set[Any] = set()

        async def beaten_often() -> bool:
            beats.add(await heartbeat(pool, worker))
            return len(beats) > BEATS_OF_SILENCE

        await until(beaten_often)
        assert worker.running
    finally:
        worker.send(signal.SIGKILL)  # first: what it hears of all that was silent is another matter
        redis_server.resume()
