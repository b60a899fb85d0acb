"""Accepting a job: one transaction writes it, its input and its first event. After its commit it exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import Conflict, NotFound
from core.events.log import moved, storable
from core.ids import new_id
from core.jobs.cancel import request_cancel, stop_queued
from core.jobs.job import Job
from core.jobs.lease import pass_on
from core.jobs.states import Holds, OnBusy, State
from core.limits.admission import DAY_LEFT, Bounds, refused_by


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
    """Counted from `run_at`, or from now."""
    run_at: datetime | None = None
    """Not before this time. It takes its place in its session when the time has come."""
    on_busy: OnBusy = OnBusy.ENQUEUE
    metadata: dict[str, Any] | None = None
    replayed_from: UUID | None = None
    key_id: UUID | None = None
    """The API key that it was submitted with."""
    bounds: Bounds | None = None
    """Limits that have to be counted before it is taken; None where there are none, which costs nothing."""


_INSERT = f"""
WITH job AS (
    INSERT INTO jobs (id, tenant_id, session_id, session_seq, holds, agent, lane, priority, state, ready,
                      max_attempts, last_seq, run_at, deadline_at, replayed_from, key_id, session_arrival)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9 AND coalesce($15 <= now(), true), $10, 1, $15,
            coalesce($15, now()) + make_interval(secs => $11), $12, $16, $17)
    RETURNING id, attempt, last_seq, created_at, deadline_at),
input AS (INSERT INTO job_inputs (job_id, input, metadata) SELECT id, $13, $14 FROM job),
told AS ({moved("job", "job.queued")})
SELECT created_at, deadline_at FROM job
"""

_INSERT_WITHIN = f"""
WITH refused AS MATERIALIZED (SELECT {refused_by(18, tenant="$2", key="$16")} AS by),
job AS (
    INSERT INTO jobs (id, tenant_id, session_id, session_seq, holds, agent, lane, priority, state, ready,
                      max_attempts, last_seq, run_at, deadline_at, replayed_from, key_id, session_arrival)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9 AND coalesce($15 <= now(), true), $10, 1, $15,
           coalesce($15, now()) + make_interval(secs => $11), $12, $16, $17
    FROM refused WHERE by IS NULL
    RETURNING id, attempt, last_seq, created_at, deadline_at),
input AS (INSERT INTO job_inputs (job_id, input, metadata) SELECT id, $13, $14 FROM job),
told AS ({moved("job", "job.queued")})
SELECT created_at, deadline_at, by, ({DAY_LEFT})::float8 AS day_left FROM refused LEFT JOIN job ON true
"""
"""The same, unless a limit is in the way: in one statement, so that nobody else's job can come in between."""

_NEXT_IN_SESSION = """
WITH session AS (
    UPDATE sessions SET last_job_seq = last_job_seq + 1, updated_at = now() WHERE id = $1
    RETURNING last_job_seq)
SELECT last_job_seq, NOT EXISTS (
    SELECT FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') AND session_seq IS NOT NULL
      AND holds & $2::smallint <> 0) AS ready
FROM session
"""


async def submit(pool: Pool, wanted: Submission) -> Job:
    """Write the job, in a transaction of its own: one statement where there is no session to lock.

    Raises NotFound when the session is not there or not this tenant's, Conflict when it is busy and the submitter
    would not wait, and LimitReached.
    """
    if wanted.session_id is None:
        return await _insert(pool, wanted, None, ready=True)
    async with pool.acquire() as connection, connection.transaction():
        return await submit_in(connection, wanted)


async def submit_in(connection: Connection, wanted: Submission) -> Job:
    """The same within the caller's transaction, with the same errors."""
    if wanted.session_id is None:
        return await _insert(connection, wanted, None, ready=True)
    # The lock first and by itself: only a statement that starts after it sees what others in the session did.
    arrival = await connection.fetchval(
        "UPDATE sessions SET arrivals = arrivals + 1 WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL "
        "RETURNING arrivals",
        wanted.session_id,
        wanted.tenant_id,
    )
    if not arrival:
        raise NotFound("There is no such session.")
    if wanted.run_at is not None:
        return await _insert(connection, wanted, None, ready=False, arrival=arrival)
    if wanted.on_busy is not OnBusy.ENQUEUE:
        await _make_way(connection, wanted, wanted.session_id)
    number, ready = await take_place(connection, wanted.session_id, wanted.holds)
    return await _insert(connection, wanted, number, ready=ready, arrival=arrival)


async def take_place(connection: Connection, session_id: UUID, holds: Holds) -> tuple[int, bool]:
    """The next number in a session whose lock is held, and whether nobody stands before it."""
    place = await connection.fetchrow(_NEXT_IN_SESSION, session_id, int(holds))
    assert place is not None
    return place["last_job_seq"], place["ready"]


async def _make_way(connection: Connection, wanted: Submission, session_id: UUID) -> None:
    """Under the session's lock: refuse when it is busy, or stop what is in the way. Raises Conflict."""
    busy = await connection.fetch(
        "SELECT id, state FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') "
        "AND session_seq IS NOT NULL AND holds & $2::smallint <> 0 ORDER BY id FOR NO KEY UPDATE",
        session_id,
        int(wanted.holds),
    )
    if not busy:
        return
    if wanted.on_busy is OnBusy.REJECT:
        raise Conflict("The session is busy: a job that uses the same of it is queued or running (on_busy: reject).")
    for row in busy:
        if row["state"] == State.QUEUED:
            await stop_queued(connection, row["id"], State.CANCELLED)
        else:
            await request_cancel(connection, row["id"])
    # One that was cancelled may have stood before a job that holds something else, and need not wait for this one.
    await pass_on(connection, session_id)


async def _insert(
    connection: Connection | Pool,
    wanted: Submission,
    session_seq: int | None,
    *,
    ready: bool,
    arrival: int | None = None,
) -> Job:
    job_id, input_, metadata = new_id(), storable(wanted.input), storable(wanted.metadata or {})
    bounds = wanted.bounds
    row = await connection.fetchrow(
        _INSERT if bounds is None else _INSERT_WITHIN,
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
        wanted.run_at,
        wanted.key_id,
        arrival,
        *(() if bounds is None else bounds.parameters()),
    )
    assert row is not None
    if bounds is not None and row["by"] is not None:
        raise bounds.refusal(row["by"], row["day_left"])
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
        run_at=wanted.run_at,
        started_at=None,
        finished_at=None,
        deadline_at=row["deadline_at"],
        replayed_from=wanted.replayed_from,
    )
