"""Accepting a job: one transaction writes it, its input and its first event. After its commit it exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.database.pool import Pool
from core.errors import NotFound
from core.events.log import moved, storable
from core.ids import new_id
from core.jobs.states import Holds


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
    RETURNING id, attempt, last_seq),
input AS (INSERT INTO job_inputs (job_id, input, metadata) SELECT id, $13, $14 FROM job)
{moved("job", "job.queued")}
"""

_NEXT_IN_SESSION = """
WITH session AS (
    UPDATE sessions SET last_job_seq = last_job_seq + 1, updated_at = now() WHERE id = $1
    RETURNING last_job_seq)
SELECT last_job_seq, NOT EXISTS (
    SELECT FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') AND holds & $2::smallint <> 0) AS ready
FROM session
"""


async def submit(pool: Pool, wanted: Submission) -> UUID:
    """Write the job and return its id.

    Raises NotFound when the session is not there or not this tenant's.
    """
    job_id = new_id()
    if wanted.session_id is None:
        await pool.execute(_INSERT, *_arguments(job_id, wanted, None, ready=True))
        return job_id
    async with pool.acquire() as connection, connection.transaction():
        # The lock first and by itself: only a statement that starts after it sees what others in the session did.
        found = await connection.fetchval(
            "SELECT 1 FROM sessions WHERE id = $1 AND tenant_id = $2 FOR UPDATE",
            wanted.session_id,
            wanted.tenant_id,
        )
        if not found:
            raise NotFound("There is no such session.")
        place = await connection.fetchrow(_NEXT_IN_SESSION, wanted.session_id, int(wanted.holds))
        assert place is not None
        await connection.execute(_INSERT, *_arguments(job_id, wanted, place["last_job_seq"], ready=place["ready"]))
    return job_id


def _arguments(job_id: UUID, wanted: Submission, session_seq: int | None, *, ready: bool) -> tuple[Any, ...]:
    return (
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
        storable(wanted.input),
        storable(wanted.metadata or {}),
    )
