"""Accepting a job: one transaction writes it, its input and its first event. After its commit it exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import NotFound
from core.events.log import moved, storable
from core.ids import new_id
from core.jobs.job import Job
from core.jobs.states import Holds, State


@dataclass(frozen=True, slots=True)
class Submission:
    """A job that somebody wants, checked already."""

    tenant_id: UUID
    agent: str
    holds: Holds
    """What it would hold of a session, if it has one."""
    input: dict[str, Any]
    session_id: UUID | None = None
    lane: str = "interactive"
    priority: int = 5
    max_attempts: int = 3
    deadline_s: float | None = None
    """Counted from now."""
    metadata: dict[str, Any] | None = None
    replayed_from: UUID | None = None


_INSERT = f"""
WITH job AS (
    INSERT INTO jobs (id, tenant_id, session_id, session_seq, holds, agent, lane, priority, state, ready,
                      max_attempts, last_seq, deadline_at, replayed_from)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $10, 1, now() + make_interval(secs => $11), $12)
    RETURNING id, attempt, last_seq, created_at, deadline_at),
input AS (INSERT INTO job_inputs (job_id, input, metadata) SELECT id, $13, $14 FROM job),
told AS ({moved("job", "job.queued")})
SELECT created_at, deadline_at FROM job
"""

_NEXT_IN_SESSION = """
WITH session AS (
    UPDATE sessions SET last_job_seq = last_job_seq + 1, updated_at = now() WHERE id = $1
    RETURNING last_job_seq)
SELECT last_job_seq, NOT EXISTS (
    SELECT FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') AND holds & $2::smallint <> 0) AS ready
FROM session
"""


async def submit(pool: Pool, wanted: Submission) -> Job:
    """Write the job, in a transaction of its own: one statement where there is no session to lock.

    Raises NotFound when the session is not there or not this tenant's.
    """
    if wanted.session_id is None:
        return await _insert(pool, wanted, None, ready=True)
    async with pool.acquire() as connection, connection.transaction():
        return await submit_in(connection, wanted)


async def submit_in(connection: Connection, wanted: Submission) -> Job:
    """The same within the caller's transaction. Raises NotFound."""
    if wanted.session_id is None:
        return await _insert(connection, wanted, None, ready=True)
    # The lock first and by itself: only a statement that starts after it sees what others in the session did.
    found = await connection.fetchval(
        "SELECT 1 FROM sessions WHERE id = $1 AND tenant_id = $2 FOR UPDATE", wanted.session_id, wanted.tenant_id
    )
    if not found:
        raise NotFound("There is no such session.")
    place = await connection.fetchrow(_NEXT_IN_SESSION, wanted.session_id, int(wanted.holds))
    assert place is not None
    return await _insert(connection, wanted, place["last_job_seq"], ready=place["ready"])


async def _insert(connection: Connection | Pool, wanted: Submission, session_seq: int | None, *, ready: bool) -> Job:
    job_id, input_, metadata = new_id(), storable(wanted.input), storable(wanted.metadata or {})
    row = await connection.fetchrow(
        _INSERT,
        job_id,
        wanted.tenant_id,
        wanted.session_id,
        session_seq,
        int(wanted.holds) if wanted.session_id else 0,
        wanted.agent,
        wanted.lane,
        wanted.priority,
        ready,
        wanted.max_attempts,
        wanted.deadline_s,
        wanted.replayed_from,
        input_,
        metadata,
    )
    assert row is not None
    # What was just written is known; reading it back would cost every submit a second round trip.
    return Job(
        id=job_id,
        tenant_id=wanted.tenant_id,
        agent=wanted.agent,
        state=State.QUEUED,
        lane=wanted.lane,
        priority=wanted.priority,
        session_id=wanted.session_id,
        attempt=0,
        max_attempts=wanted.max_attempts,
        input=input_,
        result=None,
        error=None,
        usage=None,
        metadata=metadata,
        last_seq=1,
        cancel_requested_at=None,
        created_at=row["created_at"],
        run_at=None,
        started_at=None,
        finished_at=None,
        deadline_at=row["deadline_at"],
        replayed_from=wanted.replayed_from,
    )
