"""Every sandbox that a worker started, from just before its start until it is known to be stopped.

A worker that dies leaves sandboxes behind that nobody uses. What is written here is enough to find each again: the
token it was started with, which asks the server for the very same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.database.pool import Connection, Pool
from core.jobs.lease import Held

TRY_AGAIN = timedelta(minutes=1)
"""A sandbox that could not be stopped is tried again after so long."""


@dataclass(frozen=True, slots=True)
class Started:
    """One of them. Without `sandbox_id` it is not known whether it came to be."""

    token: str
    name: str
    lifetime_s: int
    sandbox_id: str | None = None


async def begin(connection: Connection | Pool, held: Held, starting: Started) -> None:
    """A worker is about to start it, for this attempt."""
    await connection.execute(
        "INSERT INTO started_sandboxes (token, job_id, attempt, name, lifetime_s) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (token) DO NOTHING",
        starting.token,
        *held,
        starting.name,
        starting.lifetime_s,
    )


async def has_started(connection: Connection | Pool, token: str, sandbox_id: str) -> None:
    """It is there, and this is what its server calls it."""
    await connection.execute("UPDATE started_sandboxes SET sandbox_id = $2 WHERE token = $1", token, sandbox_id)


async def never_started(connection: Connection | Pool, token: str) -> None:
    """The server said so."""
    await connection.execute("DELETE FROM started_sandboxes WHERE token = $1", token)


async def has_stopped(connection: Connection | Pool, sandbox_id: str) -> None:
    """It is gone."""
    await connection.execute("DELETE FROM started_sandboxes WHERE sandbox_id = $1", sandbox_id)


async def take_orphans(connection: Connection | Pool, limit: int = 20) -> list[Started]:
    """Sandboxes that nobody uses, to be stopped by the asker; others are not given them for a while.

    One is in use while the attempt that started it runs; while it is its session's; and while an attempt runs in it.
    One past its lifetime has ended by itself.
    """
    await connection.execute(
        "DELETE FROM started_sandboxes "
        "WHERE started_at < now() - make_interval(secs => lifetime_s) - interval '1 minute'"
    )
    rows = await connection.fetch(
        """
        WITH orphans AS (
            SELECT token FROM started_sandboxes AS one
            WHERE (stopping_at IS NULL OR stopping_at < now() - $1::interval)
              AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = one.job_id AND jobs.attempt = one.attempt
                              AND jobs.state = 'running')
              AND NOT EXISTS (
                  SELECT FROM sandboxes WHERE sandboxes.sandbox_id = one.sandbox_id
                  AND (ended_because IS NULL OR EXISTS (
                      SELECT FROM jobs WHERE jobs.id = sandboxes.job_id AND jobs.attempt = sandboxes.attempt
                      AND jobs.state = 'running')))
            LIMIT $2 FOR UPDATE OF one SKIP LOCKED)
        UPDATE started_sandboxes SET stopping_at = now() FROM orphans WHERE started_sandboxes.token = orphans.token
        RETURNING started_sandboxes.token, name, lifetime_s, sandbox_id
        """,
        TRY_AGAIN,
        limit,
    )
    return [Started(**row) for row in rows]
