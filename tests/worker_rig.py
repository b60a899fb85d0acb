"""A worker's process whose agent does what a test wants, and the few steps by which tests drive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from job_life import Life

import workers.process
from core.agents.spec import AgentSpec, Input, Result
from core.jobs.states import Holds
from core.settings import Settings
from workers.context import Context, Outcome
from workers.process import WorkerProcess

Script = Callable[[Context], Awaitable[Any]]
SCRIPTS: dict[str, Script] = {}
"""What the agent does with an input of that name."""


class Named(Input):
    name: str


async def run(input_: Named, context: Context) -> Outcome:
    return Outcome({"said": await SCRIPTS[input_.name](context)})


@asynccontextmanager
async def serving(
    database: str, redis_url: str, life: Life, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WorkerProcess]:
    """A running process with two slots that serves the life's agent; it beats so seldom that the test is faster."""
    spec = AgentSpec(life.agent, "", "", Named, Result, f"{__name__}:run", life.agent, Holds.NOTHING, 60)
    monkeypatch.setattr(workers.process, "pool_agents", lambda _: [spec])
    settings = Settings(  # type: ignore[call-arg]
        DATABASE_URL=database, REDIS_URL=redis_url, worker_slots=2, heartbeat_s=60, worker_drain_s=0
    )
    process = WorkerProcess(settings, life.agent)
    await asyncio.to_thread(process.start)
    yield process
    await asyncio.to_thread(process.stop)


async def offer(life: Life, worker: WorkerProcess, name: str, script: Script, **wanted: Any) -> Any:
    """Submit a job with that script, and give it to the worker."""
    SCRIPTS[name] = script
    job_id = await life.submit(input={"name": name}, **wanted)
    await offer_again(life, worker, job_id)
    return job_id


async def offer_again(life: Life, worker: WorkerProcess, job_id: Any) -> None:
    picked = await life.release_of(job_id)
    assert await asyncio.to_thread(worker.offer, [(picked.job_id, picked.release)])


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(30):
        while not (found := await condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return found


async def ended(life: Life, job_id: Any) -> bool:
    return (await life.state(job_id)).terminal
