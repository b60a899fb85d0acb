"""Deleting a session: hidden and stopped at once, removed with all it has when its last job has ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import NotFound
from core.jobs.cancel import request_cancel, stop_queued
from core.jobs.states import State
from core.sessions import sandboxes

LINGERING = timedelta(seconds=10)
"""From the end of its last job: whoever follows that is still to be given its last event."""


async def delete(pool: Pool, tenant_id: UUID, session_id: UUID) -> list[UUID]:
    """Hide a session from everybody, cancel its jobs, and give its sandbox up. Returns the jobs that were cancelled.

    Raises NotFound when it is not there or somebody else's.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(
            "UPDATE sessions SET deleted_at = now() "
            "WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL RETURNING 1",
            session_id,
            tenant_id,
        ):
            raise NotFound("There is no such session.")
        live = await connection.fetch(
            "SELECT id, state FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running') "
            "ORDER BY id FOR NO KEY UPDATE",
            session_id,
        )
        for row in live:
            if row["state"] == State.QUEUED:
                await stop_queued(connection, row["id"], State.CANCELLED)
            else:
                await request_cancel(connection, row["id"])
        await sandboxes.end_any(connection, session_id, "its session was deleted")
    return [row["id"] for row in live]


async def remove_deleted(pool: Pool, lingering: timedelta = LINGERING, limit: int = 20) -> int:
    """Remove deleted sessions whose jobs have all ended, with their jobs, events, files and bytes. Returns how many."""
    rows = await pool.fetch(
        """
        SELECT id FROM sessions WHERE deleted_at < now() - $1::interval AND NOT EXISTS (
            SELECT FROM jobs WHERE session_id = sessions.id
            AND (finished_at IS NULL OR finished_at > now() - $1::interval))
        ORDER BY deleted_at LIMIT $2
        """,
        lingering,
        limit,
    )
    for row in rows:
        async with pool.acquire() as connection, connection.transaction():
            await _remove(connection, row["id"])
    return len(rows)


async def _remove(connection: Connection, session_id: UUID) -> None:
    blobs = await connection.fetch(
        "SELECT blob_id FROM files WHERE session_id = $1 AND blob_id IS NOT NULL "
        "UNION SELECT blob_id FROM artifacts JOIN jobs ON jobs.id = job_id WHERE session_id = $1",
        session_id,
    )
    await connection.execute("DELETE FROM sessions WHERE id = $1", session_id)
    await connection.execute(
        "DELETE FROM blobs WHERE id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM files WHERE blob_id = blobs.id) "
        "AND NOT EXISTS (SELECT FROM artifacts WHERE blob_id = blobs.id)",
        [row["blob_id"] for row in blobs],
    )
