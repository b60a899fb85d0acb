"""Stopping a job that somebody no longer wants, and one whose deadline passed before anybody claimed it."""

from __future__ import annotations

from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import Conflict, NotFound
from core.events.log import moved
from core.jobs.lease import lock_session, pass_on
from core.jobs.states import State

_STOP_QUEUED = """
WITH stopped AS (
    UPDATE jobs SET state = '{state}', finished_at = now(), released_at = NULL, last_seq = last_seq + 1
    WHERE id = $1 AND state = 'queued' RETURNING id, attempt, last_seq),
result AS (INSERT INTO job_results (job_id) SELECT id FROM stopped)
{event}
"""


async def stop_queued(connection: Connection, job_id: UUID, state: State) -> bool:
    """End a queued job as cancelled or expired. False when it is no longer queued."""
    done = await connection.execute(_STOP_QUEUED.format(state=state, event=moved("stopped", f"job.{state}")), job_id)
    return done != "INSERT 0 0"


async def request_cancel(connection: Connection, job_id: UUID) -> None:
    """Ask for the cancel of a running job; its worker learns of it with its next heartbeat, or by a hint."""
    await connection.execute(
        "UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, now()) "
        "WHERE id = $1 AND state = 'running'",
        job_id,
    )


async def cancel(pool: Pool, tenant_id: UUID, job_id: UUID) -> State:
    """Cancel a queued job at once, or ask for the cancel of a running one. Returns the state it is in now.

    Raises NotFound when it is not this tenant's, and Conflict when it ended in another way.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "SELECT session_id FROM jobs WHERE id = $1 AND tenant_id = $2", job_id, tenant_id
        )
        if row is None:
            raise NotFound("There is no such job.")
        await lock_session(connection, row["session_id"])
        found = await connection.fetchval("SELECT state FROM jobs WHERE id = $1 FOR NO KEY UPDATE", job_id)
        if found is None:
            raise NotFound("There is no such job.")
        state = State(found)
        if state is State.QUEUED:
            await stop_queued(connection, job_id, State.CANCELLED)
            if row["session_id"] is not None:
                await pass_on(connection, row["session_id"])
            return State.CANCELLED
        if state is State.RUNNING:
            await request_cancel(connection, job_id)
        elif state is not State.CANCELLED:
            raise Conflict(f"The job has {state} already; it can no longer be cancelled.")
        return state


async def overdue(connection: Connection | Pool, limit: int = 100) -> list[UUID]:
    """Queued jobs whose deadline has passed."""
    rows = await connection.fetch(
        "SELECT id FROM jobs WHERE state = 'queued' AND deadline_at <= now() ORDER BY deadline_at LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def expire(pool: Pool, job_id: UUID) -> bool:
    """End a queued job past its deadline. False when it is no longer queued."""
    async with pool.acquire() as connection, connection.transaction():
        session_id = await connection.fetchval("SELECT session_id FROM jobs WHERE id = $1", job_id)
        await lock_session(connection, session_id)
        done = await stop_queued(connection, job_id, State.EXPIRED)
        if session_id is not None:
            await pass_on(connection, session_id)
    return done
