"""A worker's hold on a job: claim, renew, end, give back, and what happens when it lets go without a word.

Every statement here that a worker causes names the attempt, and changes nothing when that attempt is no longer
the running one. Locks are taken session first, then jobs by id. All times are the database's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool, Record
from core.events.log import Entry, append, moved, storable
from core.files.changes import FileChange, apply_changes
from core.jobs.states import BrokenOff, Failure, State, after_break, retry_delay


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker may now run, and all it needs to."""

    id: UUID
    tenant_id: UUID
    session_id: UUID | None
    agent: str
    attempt: int
    max_attempts: int
    input: dict[str, Any]
    created_at: datetime
    seconds_left: float | None
    """Until its deadline; None where it has none."""


_CLAIM = f"""
WITH held AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE id = $1 AND state = 'queued' AND release = $2 AND released_at IS NOT NULL
      AND (deadline_at IS NULL OR deadline_at > now())
    FOR NO KEY UPDATE),
claimed AS (
    UPDATE jobs SET state = 'running', attempt = attempt + 1, released_at = NULL, run_at = NULL, worker_id = $3,
                    lease_until = now() + $4::interval, started_at = now(), last_seq = last_seq + 1
    FROM held WHERE jobs.id = held.id
    RETURNING jobs.id, tenant_id, session_id, agent, attempt, max_attempts, created_at, last_seq,
              extract(epoch FROM deadline_at - now())::float8 AS seconds_left),
told AS ({moved("claimed", "job.running", "jsonb_build_object('worker', $5::text)")})
SELECT claimed.id, tenant_id, session_id, agent, attempt, max_attempts, input, created_at, seconds_left
FROM claimed JOIN job_inputs ON job_id = claimed.id
"""


async def claim(
    pool: Pool, job_id: UUID, release: int, worker_id: UUID, worker_name: str, lease: timedelta
) -> Claim | None:
    """Take a released job. None when the release is not the job's present one: it was claimed, cancelled, or given
    out again since, and this message is to be forgotten.
    """
    row = await pool.fetchrow(_CLAIM, job_id, release, worker_id, lease, worker_name)
    return None if row is None else Claim(**row)


_RENEW = """
WITH mine AS (SELECT * FROM unnest($2::uuid[], $3::int[]) AS m(id, attempt)),
alive AS (UPDATE workers SET heartbeat_at = now(), stopping = $5 WHERE id = $1),
held AS MATERIALIZED (
    SELECT jobs.id FROM jobs JOIN mine USING (id)
    WHERE jobs.state = 'running' AND jobs.attempt = mine.attempt ORDER BY jobs.id FOR NO KEY UPDATE OF jobs)
UPDATE jobs SET lease_until = now() + $4::interval FROM held WHERE jobs.id = held.id
RETURNING jobs.id, cancel_requested_at IS NOT NULL AS cancel
"""


async def renew(
    connection: Connection | Pool,
    worker_id: UUID,
    running: Sequence[tuple[UUID, int]],
    lease: timedelta,
    *,
    stopping: bool,
) -> dict[UUID, bool]:
    """Extend the leases of all jobs of a process, given as (job, attempt), and say that the process is alive.

    Returns, for each job still its own, whether somebody wants it cancelled. One that is absent was taken away.
    """
    rows = await connection.fetch(
        _RENEW, worker_id, [job for job, _ in running], [attempt for _, attempt in running], lease, stopping
    )
    return {row["id"]: row["cancel"] for row in rows}


@dataclass(slots=True)
class Ending:
    """All that a job's last transaction writes."""

    state: State
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What had not been written yet; it goes before the terminal event."""
    files: list[FileChange] = field(default_factory=list)


_END = """
WITH held AS MATERIALIZED (
    SELECT id FROM jobs WHERE id = $1 AND state = 'running' AND attempt = $2 FOR NO KEY UPDATE),
ended AS (
    UPDATE jobs SET state = $3, finished_at = now(), lease_until = NULL, last_seq = last_seq + 1
    FROM held WHERE jobs.id = held.id RETURNING jobs.id, attempt, last_seq),
result AS (
    INSERT INTO job_results (job_id, result, error, usage) SELECT id, $4, $5, $6 FROM ended)
{terminal_event}
RETURNING seq
"""


async def end(pool: Pool, claim: Claim, ending: Ending) -> int | None:
    """End a running job: the rest of its events, its state, result and files, and the terminal event, all or nothing.

    Returns the number of the terminal event, or None when the attempt no longer holds the job; then nothing was
    written.
    """
    async with pool.acquire() as connection, connection.transaction():
        await lock_session(connection, claim.session_id)
        if ending.events and not await append(connection, [Entry(claim.id, claim.attempt, ending.events)]):
            return None
        seq: int | None = await connection.fetchval(
            _END.format(terminal_event=moved("ended", f"job.{ending.state}")),
            claim.id,
            claim.attempt,
            ending.state.value,
            storable(ending.result),
            storable(ending.error),
            storable(ending.usage),
        )
        if seq is None:
            return None
        if claim.session_id is not None:
            if ending.files:
                await apply_changes(connection, claim.tenant_id, claim.session_id, claim.id, ending.files)
            await pass_on(connection, claim.session_id)
    return seq


_RETRYING = """jsonb_build_object('reason', $5::text, 'next_attempt_at',
    to_char(run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"""

_REQUEUE = f"""
WITH held AS MATERIALIZED (
    SELECT id FROM jobs WHERE id = $1 AND state = 'running' AND attempt = $2 FOR NO KEY UPDATE),
queued AS (
    UPDATE jobs SET state = 'queued', lease_until = NULL, worker_id = NULL, released_at = NULL,
                    handed_back = handed_back + $3::int, run_at = now() + $4::interval, last_seq = last_seq + 1
    FROM held WHERE jobs.id = held.id RETURNING jobs.id, attempt, last_seq, run_at),
told AS ({moved("queued", "job.retrying", _RETRYING)})
SELECT last_seq FROM queued
"""


async def hand_back(pool: Pool, claim: Claim, reason: str) -> int | None:
    """Give a job back that this process can't finish. It costs no attempt. Returns the number of its event."""
    seq: int | None = await pool.fetchval(_REQUEUE, claim.id, claim.attempt, 1, timedelta(0), reason)
    return seq


async def break_off(pool: Pool, job_id: UUID, attempt: int, reason: str) -> State | None:
    """Take a running job from its attempt after an infrastructure fault, and decide what becomes of it.

    Returns its new state, or None when that attempt no longer held it.
    """
    async with pool.acquire() as connection, connection.transaction():
        session_id = await connection.fetchval("SELECT session_id FROM jobs WHERE id = $1", job_id)
        await lock_session(connection, session_id)
        row = await connection.fetchrow(
            "SELECT attempt - handed_back AS spent, max_attempts, cancel_requested_at IS NOT NULL AS cancel, "
            "coalesce(deadline_at <= now(), false) AS late FROM jobs "
            "WHERE id = $1 AND state = 'running' AND attempt = $2 FOR NO KEY UPDATE",
            job_id,
            attempt,
        )
        if row is None:
            return None
        state = after_break(BrokenOff(row["spent"], row["max_attempts"], row["cancel"], row["late"]))
        await connection.execute(
            "UPDATE sandboxes SET suspect = true WHERE session_id = $1 AND job_id = $2", session_id, job_id
        )
        if state is State.QUEUED:
            await connection.execute(_REQUEUE, job_id, attempt, 0, retry_delay(row["spent"]), reason)
            return state
        error = _broken_off_error(state, row, reason)
        await connection.execute(
            _END.format(terminal_event=moved("ended", f"job.{state}")),
            job_id,
            attempt,
            state.value,
            None,
            error,
            None,
        )
        if session_id is not None:
            await pass_on(connection, session_id)
        return state


def _broken_off_error(state: State, row: Record, reason: str) -> dict[str, Any] | None:
    """The `error` of a job that ended because its attempt broke off."""
    if state is not State.FAILED:
        return None
    return {
        "type": Failure.ATTEMPTS_EXHAUSTED.value,
        "title": "The job was tried as often as allowed",
        "detail": f"{row['spent']} of {row['max_attempts']} attempts broke off; the last one because {reason}.",
    }


async def lost(connection: Connection | Pool, limit: int = 100) -> list[tuple[UUID, int]]:
    """Running jobs whose lease ran out, as (job, attempt), the longest lost first."""
    rows = await connection.fetch(
        "SELECT id, attempt FROM jobs WHERE state = 'running' AND lease_until < now() ORDER BY lease_until LIMIT $1",
        limit,
    )
    return [(row["id"], row["attempt"]) for row in rows]


async def lock_session(connection: Connection, session_id: UUID | None) -> None:
    """Session before jobs, everywhere: the order that keeps two transactions from waiting for each other."""
    if session_id is not None:
        await connection.execute("SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE", session_id)


_NEXT_HEADS = """
WITH heads AS (
    SELECT (SELECT id FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') AND holds & 1 <> 0
            ORDER BY session_seq LIMIT 1) AS conversation,
           (SELECT id FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') AND holds & 2 <> 0
            ORDER BY session_seq LIMIT 1) AS sandbox)
UPDATE jobs SET ready = true FROM heads
WHERE jobs.id IN (heads.conversation, heads.sandbox) AND state = 'queued' AND NOT ready
  AND (holds & 1 = 0 OR jobs.id = heads.conversation) AND (holds & 2 = 0 OR jobs.id = heads.sandbox)
"""


async def pass_on(connection: Connection, session_id: UUID) -> None:
    """After a job of a session ended: whoever is now the head for all that it holds may be released."""
    await connection.execute(_NEXT_HEADS, session_id)
