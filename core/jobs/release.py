"""Giving queued jobs to the broker: which, how many, and again when the broker forgot.

A release is a number on the job, committed before the message that carries it is sent. Whatever clears the
release (a claim, a cancel, a back-off) makes every message sent so far worthless. Only what is `ready` is looked at:
its time has come, and nothing of its session stands before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool
from core.jobs.lease import lock_session, pass_on
from core.jobs.locking import locked
from core.jobs.states import Holds, Lane
from core.jobs.submit import take_place

FIRST_TENANT = UUID(int=0)


def reserved(slots: int) -> int:
    """How many of a pool's slots batch work leaves alone, so that somebody who waits never waits for a batch."""
    return min(max(1, slots // 8), slots - 1) if slots else 0


@dataclass(frozen=True, slots=True)
class Release:
    """What a message carries: the job, and which of its releases."""

    job_id: UUID
    release: int
    agent: str
    lane: str


@dataclass(frozen=True, slots=True)
class Load:
    """What a pool has and what it is busy with, counted from rows."""

    workers: int
    """Live processes that take jobs."""
    slots: int
    """Jobs that they run at the same time."""
    under_way: int
    """Jobs that run, or are released and not yet claimed."""
    batch_under_way: int
    """Those of the batch lane among them."""
    interactive_waits: bool = True
    """There is something to release in the lane."""
    batch_waits: bool = True
    limited: bool = False
    """Some tenant may have only so many jobs under way."""

    @property
    def window(self) -> int:
        """Jobs released beyond the slots, so that a slot that comes free finds its next job waiting."""
        return max(2, self.slots // 2)

    @property
    def reserve(self) -> int:
        """Slots that batch work leaves alone."""
        return reserved(self.slots)

    def interactive_room(self) -> int:
        """Interactive jobs to release now.

        0 where no worker lives: what waits in the broker can no longer be put in order. And 0 while all slots are
        busy and half of the window still waits: refilling it job by job would cost a message each.
        """
        if not self.slots or not self.interactive_waits:
            return 0
        room = self.slots + self.window - self.under_way
        idle = self.slots > self.under_way
        return max(room, 0) if idle or room >= self.window // 2 else 0

    def batch_room(self) -> int:
        """Batch jobs to release now: idle slots only, less the reserve. None waits where an interactive one could."""
        if not self.batch_waits:
            return 0
        return max(min(self.slots - self.under_way, self.slots - self.reserve - self.batch_under_way), 0)


_LOAD = """
WITH me AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('aci.plan'), hashtext($1)) AS planner),
live AS (
    SELECT count(*) AS workers, coalesce(sum(slots), 0) AS slots FROM workers
    WHERE pool = $1 AND NOT stopping AND heartbeat_at > now() - $3::interval),
busy AS (
    SELECT count(*) AS under_way, count(*) FILTER (WHERE lane = 'batch') AS batch_under_way FROM jobs
    WHERE agent = ANY($2::text[]) AND (state = 'running' OR (state = 'queued' AND released_at IS NOT NULL)))
SELECT planner, workers, slots, under_way, batch_under_way,
       EXISTS (SELECT FROM jobs WHERE agent = ANY($2::text[]) AND lane = 'interactive' AND state = 'queued'
               AND released_at IS NULL AND ready) AS interactive_waits,
       EXISTS (SELECT FROM jobs WHERE agent = ANY($2::text[]) AND lane = 'batch' AND state = 'queued'
               AND released_at IS NULL AND ready) AS batch_waits,
       EXISTS (SELECT FROM tenants WHERE limits ? 'running_jobs') AS limited
FROM me, live, busy, (SELECT set_config('synchronous_commit', 'off', true)) AS hint
"""


async def plan(
    connection: Connection,
    pool: str,
    agents: Sequence[str],
    alive_within: timedelta,
    running_limit: int | None = None,
) -> Load | None:
    """Become the one planner of a worker pool until the end of this transaction, and see how busy the pool is.

    The transaction will not wait for the disk: a release that a crash of Postgres takes back is given again, with the
    same number, and whichever message comes first claims the job.

    Pools are planned at the same time, but one after the other where tenants are limited in what they have under way
    (`running_limit` is what the service says of all): what is counted for that must not be changed by another pool's
    planner before the commit.

    None when another one plans it at the moment.
    """
    row = await connection.fetchrow(_LOAD, pool, list(agents), alive_within)
    assert row is not None
    planner, *counted = row.values()
    if not planner:
        return None
    load = Load(*counted)
    if load.limited or running_limit is not None:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('aci.running'), 0)")
    return load


FAIR = f"""
WITH RECURSIVE after AS (
    (SELECT tenant_id, 1 AS turn FROM jobs
     WHERE agent = $1 AND lane = $2 AND state = 'queued' AND released_at IS NULL AND ready
       AND tenant_id > $3 ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant_id FROM jobs
            WHERE agent = $1 AND lane = $2 AND state = 'queued' AND released_at IS NULL AND ready
              AND tenant_id > after.tenant_id ORDER BY tenant_id LIMIT 1), turn + 1
    FROM after WHERE after.tenant_id IS NOT NULL AND turn < $4),
before AS (
    (SELECT tenant_id, $4 + 1 AS turn FROM jobs
     WHERE agent = $1 AND lane = $2 AND state = 'queued' AND released_at IS NULL AND ready
       AND tenant_id <= $3 ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant_id FROM jobs
            WHERE agent = $1 AND lane = $2 AND state = 'queued' AND released_at IS NULL AND ready
              AND tenant_id > before.tenant_id AND tenant_id <= $3 ORDER BY tenant_id LIMIT 1), turn + 1
    FROM before WHERE before.tenant_id IS NOT NULL AND turn < 2 * $4),
walk AS (
    SELECT tenant_id, turn FROM (SELECT * FROM after UNION ALL SELECT * FROM before) AS both_ways
    WHERE tenant_id IS NOT NULL ORDER BY turn LIMIT $4),
candidates AS (
    SELECT best.id, best.tenant_id, walk.turn, (busy.count + best.rank - 1)::float8 / tenants.weight AS share
    FROM walk JOIN tenants ON tenants.id = walk.tenant_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS count FROM jobs
        WHERE agent = $1 AND lane = $2 AND tenant_id = walk.tenant_id
          AND (state = 'running' OR (state = 'queued' AND released_at IS NOT NULL))) AS busy
    CROSS JOIN LATERAL (
        SELECT CASE WHEN tenants.limits ? 'running_jobs' THEN (tenants.limits->>'running_jobs')::integer
                    ELSE $5::integer END AS running_limit) AS held_to
    CROSS JOIN LATERAL (
        SELECT count(*) AS count FROM jobs
        WHERE held_to.running_limit IS NOT NULL AND tenant_id = walk.tenant_id
          AND (state = 'running' OR (state = 'queued' AND released_at IS NOT NULL))) AS everywhere
    CROSS JOIN LATERAL (
        SELECT id, tenant_id, row_number() OVER (ORDER BY priority DESC, id) AS rank FROM (
            SELECT id, tenant_id, priority FROM jobs
            WHERE agent = $1 AND lane = $2 AND tenant_id = walk.tenant_id
              AND state = 'queued' AND released_at IS NULL AND ready
            ORDER BY priority DESC, id LIMIT $4) AS front) AS best
    WHERE held_to.running_limit IS NULL OR everywhere.count + best.rank <= held_to.running_limit
    ORDER BY share, walk.turn, best.rank LIMIT $4),
held AS MATERIALIZED (
    SELECT job.id, wanted.share, wanted.turn
    FROM {locked("candidates")}
    WHERE job.state = 'queued' AND job.released_at IS NULL AND job.ready
      AND (job.deadline_at IS NULL OR job.deadline_at > now())),
released AS (
    UPDATE jobs SET release = release + 1, released_at = now() FROM held WHERE jobs.id = held.id
    RETURNING jobs.id, jobs.release, jobs.tenant_id, held.share, held.turn, jobs.priority)
SELECT id, release, tenant_id FROM released ORDER BY share, turn, priority DESC, id
"""


async def release(
    connection: Connection, agent: str, lane: Lane, count: int, cursor: UUID, running_limit: int | None = None
) -> tuple[list[Release], UUID]:
    """Pick up to `count` jobs of one lane in fair order, and give each a release. Publish them after the commit.

    Tenants take turns in proportion to their weight, counting what they have under way; inside a tenant, priority and
    age decide. A tenant's limit of running jobs, or else `running_limit`, counts what it has under way of all agents in
    both lanes. The walk over tenants begins after `cursor` and wraps. Returns the picks in their
    order, and the cursor for the next time. Its cost depends on `count`, not on how many jobs or tenants wait.
    """
    rows = await connection.fetch(FAIR, agent, lane.value, cursor, count, running_limit)
    picks = [Release(row["id"], row["release"], agent, lane.value) for row in rows]
    return picks, rows[-1]["tenant_id"] if rows else FIRST_TENANT


async def released(connection: Connection, agents: Sequence[str], older_than: timedelta) -> list[Release]:
    """Jobs given to the broker at least so long ago that nobody has claimed. Their messages may be lost."""
    rows = await connection.fetch(
        "SELECT id AS job_id, release, agent, lane FROM jobs WHERE agent = ANY($1::text[]) AND state = 'queued' "
        "AND released_at <= now() - $2::interval ORDER BY released_at",
        list(agents),
        older_than,
    )
    return [Release(**row) for row in rows]


async def slots_stand_free(connection: Connection, agents: Sequence[str], alive_within: timedelta) -> bool:
    """Whether the live workers that serve these agents run less than they could."""
    free: bool = await connection.fetchval(
        "SELECT (SELECT count(*) FROM jobs WHERE agent = ANY($1::text[]) AND state = 'running') < "
        "(SELECT coalesce(sum(slots), 0) FROM workers WHERE agents && $1::text[] AND NOT stopping "
        "AND heartbeat_at > now() - $2::interval)",
        list(agents),
        alive_within,
    )
    return free


async def make_due_ready(pool: Pool, limit: int = 200) -> int:
    """Let jobs whose `run_at` has come take their place. Returns how many came due.

    One that was scheduled gets its number in its session now; one that was in back-off has kept it.
    """
    rows = await pool.fetch(
        """
        WITH due AS MATERIALIZED (
            SELECT id, session_id, session_seq FROM jobs
            WHERE state = 'queued' AND NOT ready AND run_at <= now() ORDER BY run_at LIMIT $1),
        held AS MATERIALIZED (
            SELECT jobs.id FROM jobs JOIN due USING (id)
            WHERE due.session_id IS NULL AND jobs.state = 'queued' AND NOT jobs.ready
            ORDER BY jobs.id FOR NO KEY UPDATE OF jobs),
        done AS (UPDATE jobs SET ready = true FROM held WHERE jobs.id = held.id)
        SELECT id, session_id FROM due
        """,
        limit,
    )
    for row in rows:
        if row["session_id"] is not None:
            await _take_place_when_due(pool, row["session_id"], row["id"])
    return len(rows)


async def _take_place_when_due(pool: Pool, session_id: UUID, job_id: UUID) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await lock_session(connection, session_id)
        job = await connection.fetchrow(
            "SELECT session_seq, holds FROM jobs WHERE id = $1 AND state = 'queued' AND NOT ready FOR NO KEY UPDATE",
            job_id,
        )
        if job is None:
            return
        if job["session_seq"] is None:
            number, ready = await take_place(connection, session_id, Holds(job["holds"]))
            await connection.execute(
                "UPDATE jobs SET session_seq = $2, ready = $3 WHERE id = $1", job_id, number, ready
            )
        else:
            await pass_on(connection, session_id)


async def next_due(connection: Connection | Pool) -> float | None:
    """Seconds until the next queued job's `run_at`, or None where none waits for its time."""
    due: Any = await connection.fetchval(
        "SELECT extract(epoch FROM min(run_at) - now())::float8 FROM jobs "
        "WHERE state = 'queued' AND NOT ready AND run_at > now()"
    )
    return None if due is None else float(due)
