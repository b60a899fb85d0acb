"""A job's life in one line per step, and what must hold of it at every moment."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.database.pool import Pool
from core.events import log
from core.ids import new_id
from core.jobs import cancel, lease, reading, release, submit
from core.jobs.job import Job
from core.jobs.lease import Claim, Ending
from core.jobs.release import Release
from core.jobs.states import Holds, Lane, State
from core.jobs.submit import Submission
from core.sessions import repository as sessions
from core.tenants import DEFAULT_TENANT

LEASE = timedelta(seconds=60)
OVER = timedelta(seconds=-1)
"""A lease that has run out when it begins."""


@dataclass
class Life:
    """Jobs of an agent that no other test has."""

    pool: Pool
    agent: str = field(default_factory=lambda: f"agent-{secrets.token_hex(4)}")

    async def session(self) -> UUID:
        return (await sessions.create(self.pool, DEFAULT_TENANT, "")).id

    async def submit(self, holds: Holds = Holds.SANDBOX, **wanted: Any) -> UUID:
        submission = Submission(
            **{"tenant_id": DEFAULT_TENANT, "agent": self.agent, "holds": holds, "input": {}} | wanted
        )
        return (await submit.submit(self.pool, submission)).id

    async def release(self, count: int = 100) -> list[Release]:
        async with self.pool.acquire() as connection, connection.transaction():
            picks, _ = await release.release(connection, self.agent, Lane.INTERACTIVE, count, release.FIRST_TENANT)
            more, _ = await release.release(
                connection, self.agent, Lane.BATCH, count - len(picks), release.FIRST_TENANT
            )
            return picks + more

    async def release_of(self, job_id: UUID) -> Release:
        return next(one for one in await self.release() if one.job_id == job_id)

    async def claim(self, picked: Release, lasting: timedelta = LEASE) -> Claim | None:
        claims = await lease.claim(self.pool, [(picked.job_id, picked.release)], new_id(), "worker", lasting)
        return claims[0] if claims else None

    async def claimed(self, job_id: UUID, lasting: timedelta = LEASE) -> Claim:
        """Released and claimed."""
        claim = await self.claim(await self.release_of(job_id), lasting)
        assert claim is not None
        return claim

    async def running(self, lasting: timedelta = LEASE, **wanted: Any) -> Claim:
        """Submitted, released and claimed."""
        return await self.claimed(await self.submit(**wanted), lasting)

    async def end(self, claim: Claim, state: State = State.SUCCEEDED, **more: Any) -> int | None:
        return (await lease.end(self.pool, [(claim, Ending(state, **more))])).get(claim.id)

    async def cancel(self, job_id: UUID) -> State:
        return await cancel.cancel(self.pool, DEFAULT_TENANT, job_id)

    async def say(self, claim: Claim, *texts: str) -> list[log.Event]:
        """Append as this attempt."""
        entry = log.Entry(claim.id, claim.attempt, [("stdout", {"text": text}) for text in texts])
        return await log.append(self.pool, [entry])

    async def break_off(self, claim: Claim) -> State | None:
        return await lease.break_off(self.pool, claim.id, claim.attempt, "the test said so")

    async def due_now(self, job_id: UUID) -> None:
        """Its back-off has passed."""
        await self.pool.execute("UPDATE jobs SET run_at = now() WHERE id = $1", job_id)
        await release.make_due_ready(self.pool)

    async def job(self, job_id: UUID) -> Job:
        return await reading.get(self.pool, DEFAULT_TENANT, job_id)

    async def state(self, job_id: UUID) -> State:
        return (await self.job(job_id)).state

    async def row(self, job_id: UUID) -> Any:
        return await self.pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job_id)

    async def ready(self, *jobs: UUID) -> list[bool]:
        """Which of them may be released."""
        return [(await self.row(job_id))["ready"] for job_id in jobs]

    async def story(self, job_id: UUID) -> list[str]:
        """The types of its events, after a look at what must hold of them."""
        row = await self.row(job_id)
        events = await log.read(self.pool, job_id, 0, 10_000)
        assert [event.seq for event in events] == list(range(1, row["last_seq"] + 1))
        assert events[0].type == "job.queued"
        terminal = [event.terminal for event in events]
        if State(row["state"]).terminal:
            assert terminal == [False] * (len(events) - 1) + [True]
            assert events[-1].type == f"job.{row['state']}"
        else:
            assert not any(terminal)
        return [event.type for event in events]
