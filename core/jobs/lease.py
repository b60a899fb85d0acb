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
from core.events.log import Event, kept, moved, storable
from core.files.changes import FileChange, apply_changes
from core.jobs.locking import locked
from core.jobs.states import BrokenOff, Failure, State, after_break, retry_delay
from core.usage.used import USED_BY_ENDED, Used

Held = tuple[UUID, int]
"""A job and the attempt that has, or had, it. One process can meet two attempts of a job at the same time: one that it
lost while it was frozen and has not noticed, and the next, which came back to it.
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker may now run, and all it needs to."""

    id: UUID
    tenant_id: UUID
    session_id: UUID | None
    agent: str
    lane: str
    attempt: int
    max_attempts: int
    input: dict[str, Any]
    created_at: datetime
    running: Event
    """What the claim said of itself."""
    seconds_left: float | None
    """Until its deadline; None where it has none."""
    key_id: UUID | None = None
    """The API key that it was submitted with."""

    @property
    def held(self) -> Held:
        """The job under this attempt."""
        return self.id, self.attempt


_CLAIM = f"""
WITH wanted AS (SELECT * FROM unnest($1::uuid[], $2::int[]) AS w(id, release)),
held AS MATERIALIZED (
    SELECT job.id FROM {locked("wanted")}
    WHERE job.state = 'queued' AND job.release = wanted.release AND job.released_at IS NOT NULL
      AND (job.deadline_at IS NULL OR job.deadline_at > now())),
claimed AS (
    UPDATE jobs SET state = 'running', attempt = attempt + 1, released_at = NULL, worker_id = $3,
                    lease_until = now() + $4::interval, started_at = now(), last_seq = last_seq + 1
    FROM held WHERE jobs.id = held.id
    RETURNING jobs.id, tenant_id, session_id, agent, lane, attempt, max_attempts, created_at, last_seq,
              key_id, extract(epoch FROM deadline_at - now())::float8 AS seconds_left),
told AS ({moved("claimed", "job.running", "jsonb_build_object('worker', $5::text)")})
SELECT claimed.id, tenant_id, session_id, agent, lane, attempt, max_attempts, input, created_at, seconds_left,
       key_id, last_seq, now() AS at
FROM claimed JOIN job_inputs ON job_id = claimed.id
"""


async def claim(
    pool: Connection | Pool, picks: Sequence[tuple[UUID, int]], worker_id: UUID, worker_name: str, lease: timedelta
) -> list[Claim]:
    """Take released jobs, given as (job, release), many in one statement.

    One that is absent from the answer was claimed, cancelled, or given out again since: its message is to be
    forgotten.
    """
    rows = await pool.fetch(
        _CLAIM, [job for job, _ in picks], [release for _, release in picks], worker_id, lease, worker_name
    )
    claims = []
    for row in rows:
        values = dict(row)
        running = Event.of(
            row["id"], values.pop("last_seq"), row["attempt"], values.pop("at"), "job.running", {"worker": worker_name}
        )
        claims.append(Claim(**values, running=running))
    return claims


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process learns when it renews."""

    mine: dict[Held, bool]
    """Each attempt that is still its own, and whether somebody wants its job cancelled."""
    waiting: bool
    """A job of its agents was released long ago, and nobody has claimed it."""


_RENEW = f"""
WITH mine AS (SELECT * FROM unnest($2::uuid[], $3::int[]) AS m(id, attempt)),
alive AS (UPDATE workers SET heartbeat_at = now(), stopping = $5 WHERE id = $1),
held AS MATERIALIZED (
    SELECT job.id FROM {locked("mine")} WHERE job.state = 'running' AND job.attempt = wanted.attempt),
renewed AS (
    UPDATE jobs SET lease_until = now() + $4::interval FROM held WHERE jobs.id = held.id
    RETURNING jobs.id, jobs.attempt, cancel_requested_at IS NOT NULL AS cancel)
SELECT id, attempt, cancel FROM renewed
UNION ALL
SELECT NULL, NULL, EXISTS (
    SELECT FROM jobs WHERE agent = ANY($6::text[]) AND state = 'queued'
    AND released_at < now() - make_interval(secs => $7))
"""


async def renew(
    connection: Connection | Pool,
    worker_id: UUID,
    running: Sequence[Held],
    lease: timedelta,
    *,
    stopping: bool,
    agents: Sequence[str] = (),
    waiting_past_s: float = 60.0,
) -> Beat:
    """Extend the leases of all that a process runs, and say that the process is alive."""
    rows = await connection.fetch(
        _RENEW,
        worker_id,
        [job for job, _ in running],
        [attempt for _, attempt in running],
        lease,
        stopping,
        list(agents),
        waiting_past_s,
    )
    mine = {(row["id"], row["attempt"]): row["cancel"] for row in rows if row["id"] is not None}
    return Beat(mine, waiting=any(row["cancel"] for row in rows if row["id"] is None))


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


_END = f"""
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::jsonb[], $6::jsonb[], $7::jsonb[],
                         $12::bigint[], $13::bigint[], $14::numeric[])
    AS w(id, attempt, state, count, result, error, usage, input_tokens, output_tokens, cost_usd)),
held AS MATERIALIZED (
    SELECT job.id, wanted.state, wanted.count, wanted.result, wanted.error, wanted.usage,
           wanted.input_tokens, wanted.output_tokens, wanted.cost_usd
    FROM {locked("wanted")} WHERE job.state = 'running' AND job.attempt = wanted.attempt),
ended AS (
    UPDATE jobs SET state = held.state, finished_at = now(), lease_until = NULL, last_seq = last_seq + held.count + 1
    FROM held WHERE jobs.id = held.id
    RETURNING jobs.id, attempt, last_seq, last_seq - held.count - 1 AS base, jobs.state, result, error, usage,
              tenant_id, key_id, agent, worker_id, finished_at - started_at AS ran, input_tokens, output_tokens,
              cost_usd),
kept AS (INSERT INTO job_results (job_id, result, error, usage) SELECT id, result, error, usage FROM ended),
said AS (
    INSERT INTO events (job_id, seq, attempt, type, data)
    SELECT ended.id, ended.base + given.place, ended.attempt, given.type, given.data
    FROM unnest($8::uuid[], $9::int[], $10::text[], $11::jsonb[]) AS given(id, place, type, data)
    JOIN ended USING (id)),
used AS ({USED_BY_ENDED}),
told AS ({moved("ended", "job.", state_column="state")})
SELECT id, last_seq FROM ended
"""


async def end(pool: Pool, endings: Sequence[tuple[Claim, Ending]]) -> dict[UUID, int]:
    """End running jobs: the rest of their events, state, result and files, and the terminal event, all or nothing.

    Jobs without a session end together, in one statement; each of a session in a transaction of its own, which
    also passes the session on. Returns the number of each job's terminal event. A job that is absent there was
    no longer held by that attempt, and nothing of it was written.
    """
    alone = [one for one in endings if one[0].session_id is None]
    ended = await _end(pool, alone) if alone else {}
    for claim_, ending in endings:
        if claim_.session_id is None:
            continue
        async with pool.acquire() as connection, connection.transaction():
            await lock_session(connection, claim_.session_id)
            done = await _end(connection, [(claim_, ending)])
            if done and ending.files:
                await apply_changes(connection, claim_.tenant_id, claim_.session_id, claim_.id, ending.files)
            if done:
                await pass_on(connection, claim_.session_id)
        ended |= done
    return ended


async def _end(connection: Connection | Pool, endings: Sequence[tuple[Claim, Ending]]) -> dict[UUID, int]:
    said = [
        (claim_.id, place, type_, kept(data))
        for claim_, ending in endings
        for place, (type_, data) in enumerate(ending.events, start=1)
    ]
    used = [Used.of(ending.usage) for _, ending in endings]
    rows = await connection.fetch(
        _END,
        [claim_.id for claim_, _ in endings],
        [claim_.attempt for claim_, _ in endings],
        [ending.state.value for _, ending in endings],
        [len(ending.events) for _, ending in endings],
        [storable(ending.result) for _, ending in endings],
        [storable(ending.error) for _, ending in endings],
        [storable(ending.usage) for _, ending in endings],
        [job_id for job_id, _, _, _ in said],
        [place for _, place, _, _ in said],
        [type_ for _, _, type_, _ in said],
        [data for _, _, _, data in said],
        [one.input_tokens for one in used],
        [one.output_tokens for one in used],
        [one.cost_usd for one in used],
    )
    return {row["id"]: row["last_seq"] for row in rows}


_RETRYING = """jsonb_build_object('reason', $5::text, 'next_attempt_at',
    to_char(run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"""

_REQUEUE = f"""
WITH held AS MATERIALIZED (
    SELECT id FROM jobs WHERE id = $1 AND state = 'running' AND attempt = $2 FOR NO KEY UPDATE),
queued AS (
    UPDATE jobs SET state = 'queued', lease_until = NULL, worker_id = NULL, released_at = NULL,
                    handed_back = handed_back + $3::int, run_at = now() + $4::interval,
                    ready = $4::interval <= interval '0', last_seq = last_seq + 1
    FROM held WHERE jobs.id = held.id RETURNING jobs.id, attempt, last_seq, run_at),
told AS ({moved("queued", "job.retrying", _RETRYING)})
SELECT last_seq FROM queued
"""


async def hand_back(pool: Pool, claim: Claim, reason: str) -> State | None:
    """Give a job back that this process can't finish. It costs no attempt, and waits for nothing.

    Returns its new state, which is an end where its cancel was asked for or its deadline has passed; or None when
    that attempt no longer held it.
    """
    return await break_off(pool, claim.id, claim.attempt, reason, counts=False)


async def break_off(
    pool: Pool, job_id: UUID, attempt: int, reason: str, *, counts: bool = True, delay: timedelta | None = None
) -> State | None:
    """Take a running job from its attempt after an infrastructure fault, and decide what becomes of it.

    Returns its new state, or None when that attempt no longer held it. `counts` says whether the attempt is one of
    those that the job may have; `delay` is when the next one may begin, if not as after a fault (or at once).
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
        spent = row["spent"] if counts else row["spent"] - 1
        state = after_break(BrokenOff(spent, row["max_attempts"], row["cancel"], row["late"]))
        await connection.execute(
            "UPDATE sandboxes SET suspect = true WHERE session_id = $1 AND job_id = $2", session_id, job_id
        )
        await connection.execute("DELETE FROM questions WHERE job_id = $1", job_id)
        if state is State.QUEUED:
            if delay is None:
                delay = retry_delay(spent) if counts else timedelta(0)
            await connection.execute(_REQUEUE, job_id, attempt, 0 if counts else 1, delay, reason)
            return state
        error = _broken_off_error(state, row, reason)
        await connection.execute(
            _END, [job_id], [attempt], [state.value], [0], [None], [error], [None], [], [], [], [], [0], [0], [0]
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
    SELECT (SELECT id FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running')
              AND session_seq IS NOT NULL AND holds & 1 <> 0
            ORDER BY session_seq LIMIT 1) AS conversation,
           (SELECT id FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running')
              AND session_seq IS NOT NULL AND holds & 2 <> 0
            ORDER BY session_seq LIMIT 1) AS sandbox)
UPDATE jobs SET ready = true FROM heads
WHERE jobs.id IN (heads.conversation, heads.sandbox) AND state = 'queued' AND NOT ready
  AND (run_at IS NULL OR run_at <= now())
  AND (holds & 1 = 0 OR jobs.id = heads.conversation) AND (holds & 2 = 0 OR jobs.id = heads.sandbox)
"""


async def pass_on(connection: Connection, session_id: UUID) -> None:
    """After a job of a session ended: whoever is now the head for all that it holds may be released."""
    await connection.execute(_NEXT_HEADS, session_id)
