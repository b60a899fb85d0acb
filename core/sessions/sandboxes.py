"""Which sandbox a session's code runs in, remembered across workers and fenced by the attempt that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.database.pool import Connection, Pool

FRESH_WANTED = "a fresh interpreter was asked for"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that a session has, or had."""

    sandbox_id: str
    tier: str
    job_id: UUID
    """The job that used it last, and under which attempt."""
    attempt: int
    files_version: int
    suspect: bool
    """That attempt broke off, and what it left behind is not known."""
    expires_at: datetime
    seconds_left: float
    ended_because: str | None
    """It is not to be used any more, and why."""


async def get(connection: Connection | Pool, session_id: UUID) -> Sandbox | None:
    """The session's sandbox as last known; it may be gone by now."""
    row = await connection.fetchrow(
        "SELECT sandbox_id, tier, job_id, attempt, files_version, suspect, expires_at, "
        "extract(epoch FROM expires_at - now())::float8 AS seconds_left, ended_because "
        "FROM sandboxes WHERE session_id = $1",
        session_id,
    )
    return None if row is None else Sandbox(**row)


async def remember(
    connection: Connection | Pool,
    session_id: UUID,
    job_id: UUID,
    attempt: int,
    *,
    sandbox_id: str,
    tier: str,
    files_version: int,
    lifetime: timedelta | None,
) -> bool:
    """Note that this attempt uses that sandbox, which has the session's files as of `files_version`.

    `lifetime` counts from now, for one that was just started; None leaves the known end. Returns False, and
    changes nothing, when the attempt no longer runs, or when the sandbox was ended meanwhile.
    """
    done = await connection.fetchval(
        """
        WITH mine AS (SELECT id FROM jobs WHERE id = $2 AND attempt = $3 AND state = 'running' FOR KEY SHARE)
        INSERT INTO sandboxes (session_id, sandbox_id, tier, job_id, attempt, files_version, expires_at)
        SELECT $1, $4, $5, $2, $3, $6, now() + coalesce($7::interval, interval '0') FROM mine
        ON CONFLICT (session_id) DO UPDATE SET
            sandbox_id = excluded.sandbox_id, tier = excluded.tier, job_id = excluded.job_id,
            attempt = excluded.attempt, files_version = excluded.files_version, suspect = false,
            used_at = now(), ended_because = NULL,
            expires_at = CASE WHEN $7::interval IS NULL THEN sandboxes.expires_at ELSE excluded.expires_at END
        WHERE sandboxes.sandbox_id <> excluded.sandbox_id OR sandboxes.ended_because IS NULL
        RETURNING 1
        """,
        session_id,
        job_id,
        attempt,
        sandbox_id,
        tier,
        files_version,
        lifetime,
    )
    return done is not None


async def end(connection: Connection | Pool, session_id: UUID, sandbox_id: str, reason: str) -> None:
    """That sandbox is not the session's to use any more. The first reason stays: it is what the next job tells."""
    await connection.execute(
        "UPDATE sandboxes SET ended_because = coalesce(ended_because, $3) WHERE session_id = $1 AND sandbox_id = $2",
        session_id,
        sandbox_id,
        reason,
    )


async def end_any(connection: Connection | Pool, session_id: UUID, reason: str) -> None:
    """Whatever sandbox the session has, the next job is to get another. What runs in it runs on."""
    await connection.execute(
        "UPDATE sandboxes SET ended_because = coalesce(ended_because, $2) WHERE session_id = $1", session_id, reason
    )


_LAST_USED = "coalesce((SELECT finished_at FROM jobs WHERE jobs.id = sandboxes.job_id), sandboxes.used_at)"
_NOT_IN_USE = """ended_because IS NULL AND NOT EXISTS (
    SELECT FROM jobs WHERE jobs.session_id = sandboxes.session_id AND jobs.state = 'running' AND jobs.holds & 2 <> 0)"""


async def end_idle(connection: Connection | Pool, idle: timedelta, reason: str) -> int:
    """End those that no job has used for so long. Returns how many."""
    # By its last use again: a job that came meanwhile has made that its own, and is not to lose its sandbox.
    done: str = await connection.execute(
        f"""
        WITH idle AS (
            SELECT session_id, job_id, attempt FROM sandboxes
            WHERE {_NOT_IN_USE} AND {_LAST_USED} < now() - $1::interval)
        UPDATE sandboxes SET ended_because = $2 FROM idle
        WHERE sandboxes.session_id = idle.session_id
          AND (sandboxes.job_id, sandboxes.attempt) = (idle.job_id, idle.attempt)
        """,
        idle,
        reason,
    )
    return int(done.rpartition(" ")[2])


async def end_longest_idle(
    connection: Connection | Pool, tenant_id: UUID, beside: UUID | None, reason: str
) -> str | None:
    """End the tenant's sandbox that was not used for longest, but not that of the session `beside`, to make room.

    Returns what its server calls it; None where all of them are in use.
    """
    sandbox_id: str | None = await connection.fetchval(
        f"""
        WITH idle AS (
            SELECT session_id, job_id, attempt FROM sandboxes
            WHERE {_NOT_IN_USE} AND expires_at > now() AND session_id IS DISTINCT FROM $2
              AND session_id IN (SELECT id FROM sessions WHERE tenant_id = $1)
            ORDER BY {_LAST_USED} LIMIT 1)
        UPDATE sandboxes SET ended_because = $3 FROM idle
        WHERE sandboxes.session_id = idle.session_id
          AND (sandboxes.job_id, sandboxes.attempt) = (idle.job_id, idle.attempt)
        RETURNING sandbox_id
        """,
        tenant_id,
        beside,
        reason,
    )
    return sandbox_id
