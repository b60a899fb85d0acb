"""Giving queued jobs to the broker: which, how many, and again when the broker forgot.

A release is a number on the job, committed before the message that carries it is sent. Whatever clears the
release (a claim, a cancel, a back-off) makes every message sent so far worthless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool

WINDOW_PAST_SLOTS = 2
"""Jobs released beyond the free slots, so that a slot that comes free finds its next job waiting."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a message carries: the job, and which of its releases."""

    job_id: UUID
    release: int
    agent: str
    lane: str


async def planning(connection: Connection, pool: str) -> bool:
    """Become the one planner of a worker pool until the end of this transaction; False when another one is."""
    held: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('aci.plan'), hashtext($1))", pool)
    return held


_ROOM = """
SELECT (SELECT coalesce(sum(slots), 0) FROM workers
        WHERE pool = $1 AND NOT stopping AND heartbeat_at > now() - $3::interval) AS slots,
       (SELECT count(*) FROM jobs
        WHERE agent = ANY($2::text[]) AND (state = 'running' OR (state = 'queued' AND released_at IS NOT NULL))) AS used
"""


async def room(connection: Connection, pool: str, agents: Sequence[str], alive_within: timedelta) -> int:
    """How many more jobs may be released: slots of live workers and a small window, less what runs or is under way.

    0 where no worker lives: what waits in the broker can no longer be put in order.
    """
    row = await connection.fetchrow(_ROOM, pool, list(agents), alive_within)
    assert row is not None
    return max(row["slots"] + WINDOW_PAST_SLOTS - row["used"], 0) if row["slots"] else 0


_RELEASE = """
WITH picked AS MATERIALIZED (
    SELECT id FROM jobs
    WHERE agent = ANY($1::text[]) AND state = 'queued' AND released_at IS NULL AND ready
      AND (run_at IS NULL OR run_at <= now()) AND (deadline_at IS NULL OR deadline_at > now())
    ORDER BY lane DESC, priority DESC, id LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED)
UPDATE jobs SET release = release + 1, released_at = now() FROM picked WHERE jobs.id = picked.id
RETURNING jobs.id AS job_id, jobs.release, jobs.agent, jobs.lane, jobs.priority
"""


async def release(connection: Connection, agents: Sequence[str], count: int) -> list[Release]:
    """Pick up to `count` jobs: the interactive lane first, then by priority and age. Publish them after the commit."""
    rows = await connection.fetch(_RELEASE, list(agents), count)
    rows.sort(key=lambda row: (row["lane"] != "interactive", -row["priority"], row["job_id"]))
    return [Release(row["job_id"], row["release"], row["agent"], row["lane"]) for row in rows]


async def released(connection: Connection, agents: Sequence[str], older_than: timedelta) -> list[Release]:
    """Jobs given to the broker at least so long ago that nobody has claimed. Their messages may be lost."""
    rows = await connection.fetch(
        "SELECT id AS job_id, release, agent, lane FROM jobs WHERE agent = ANY($1::text[]) AND state = 'queued' "
        "AND released_at < now() - $2::interval ORDER BY released_at",
        list(agents),
        older_than,
    )
    return [Release(**row) for row in rows]


async def next_due(connection: Connection | Pool) -> float | None:
    """Seconds until the next queued job's `run_at`, or None where none waits for its time."""
    due: Any = await connection.fetchval(
        "SELECT extract(epoch FROM min(run_at) - now())::float8 FROM jobs "
        "WHERE state = 'queued' AND released_at IS NULL AND run_at > now()"
    )
    return None if due is None else float(due)
