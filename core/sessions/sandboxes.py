"""Which sandbox a session's code runs in, remembered across workers and fenced by the attempt that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.database.pool import Connection, Pool


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


async def get(connection: Connection | Pool, session_id: UUID) -> Sandbox | None:
    """The session's sandbox as last known; it may be gone by now."""
    row = await connection.fetchrow(
        "SELECT sandbox_id, tier, job_id, attempt, files_version, suspect, expires_at, "
        "extract(epoch FROM expires_at - now())::float8 AS seconds_left FROM sandboxes WHERE session_id = $1",
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
    changes nothing, when the attempt no longer runs.
    """
    done = await connection.fetchval(
        """
        WITH mine AS (SELECT id FROM jobs WHERE id = $2 AND attempt = $3 AND state = 'running' FOR KEY SHARE)
        INSERT INTO sandboxes (session_id, sandbox_id, tier, job_id, attempt, files_version, expires_at)
        SELECT $1, $4, $5, $2, $3, $6, now() + coalesce($7::interval, interval '0') FROM mine
        ON CONFLICT (session_id) DO UPDATE SET
            sandbox_id = excluded.sandbox_id, tier = excluded.tier, job_id = excluded.job_id,
            attempt = excluded.attempt, files_version = excluded.files_version, suspect = false,
            expires_at = CASE WHEN $7::interval IS NULL THEN sandboxes.expires_at ELSE excluded.expires_at END
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


async def forget(connection: Connection | Pool, session_id: UUID, sandbox_id: str) -> None:
    """The session no longer has that sandbox."""
    await connection.execute("DELETE FROM sandboxes WHERE session_id = $1 AND sandbox_id = $2", session_id, sandbox_id)
