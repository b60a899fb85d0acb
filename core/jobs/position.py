"""Where a queued job stands: how many would run before it if nothing else came, and about when it will start.

A hint, worked out for jobs that somebody looks at. It follows the order in which jobs are released: lanes first,
tenants in turns by what they have under way, and inside a tenant priority and age.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.database.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Place:
    """A queued job's place."""

    position: int
    """Jobs that would start before it."""
    eta_s: float | None
    """Seconds until it starts, by what such jobs took lately; None where nothing can be said."""


_PLACE = """
WITH me AS (
    SELECT id, agent, lane, tenant_id, priority, released_at, session_id, session_seq, ready, run_at FROM jobs
    WHERE id = $1 AND state = 'queued'),
waiting AS (
    SELECT jobs.tenant_id, jobs.id, jobs.lane,
           row_number() OVER (PARTITION BY jobs.tenant_id, jobs.lane ORDER BY jobs.priority DESC, jobs.id) AS rank
    FROM jobs, me
    WHERE jobs.agent = me.agent AND jobs.state = 'queued' AND jobs.released_at IS NULL
      AND (jobs.ready OR jobs.id = me.id) AND (jobs.lane = me.lane OR jobs.lane = 'interactive')),
busy AS (
    SELECT jobs.tenant_id, count(*) AS count FROM jobs, me
    WHERE jobs.agent = me.agent AND jobs.lane = me.lane
      AND (jobs.state = 'running' OR (jobs.state = 'queued' AND jobs.released_at IS NOT NULL))
    GROUP BY jobs.tenant_id),
turns AS (
    SELECT waiting.id, waiting.lane, waiting.tenant_id,
           (coalesce(busy.count, 0) + waiting.rank - 1)::float8 / tenants.weight AS share
    FROM waiting JOIN tenants ON tenants.id = waiting.tenant_id LEFT JOIN busy USING (tenant_id)),
mine AS (SELECT share FROM turns JOIN me USING (id)),
ahead AS (
    SELECT count(*) AS count FROM turns, me, mine
    WHERE turns.id <> me.id AND (
        (turns.lane = 'interactive' AND me.lane = 'batch')
        OR (turns.lane = me.lane AND (turns.share < mine.share
            OR (turns.share = mine.share AND turns.tenant_id < me.tenant_id))))),
of_session AS (
    SELECT count(*) AS count FROM jobs, me
    WHERE NOT me.ready AND jobs.session_id = me.session_id AND jobs.session_seq < me.session_seq
      AND jobs.state IN ('queued', 'running')),
released AS (
    SELECT count(*) AS count FROM jobs, me
    WHERE jobs.agent = me.agent AND jobs.state = 'queued' AND jobs.released_at IS NOT NULL
      AND (me.released_at IS NULL OR jobs.released_at < me.released_at)),
pace AS (
    SELECT avg(extract(epoch FROM finished_at - started_at))::float8 AS seconds FROM (
        SELECT finished_at, started_at FROM jobs, me
        WHERE jobs.tenant_id = me.tenant_id AND jobs.agent = me.agent AND jobs.finished_at IS NOT NULL
          AND jobs.started_at IS NOT NULL
        ORDER BY jobs.id DESC LIMIT 20) AS lately),
slots AS (
    SELECT coalesce(sum(slots), 0) AS count FROM workers, me
    WHERE me.agent = ANY(workers.agents) AND NOT stopping AND heartbeat_at > now() - interval '15 seconds')
SELECT CASE WHEN me.released_at IS NULL THEN greatest(ahead.count, of_session.count) ELSE 0 END
           + released.count AS position,
       pace.seconds, slots.count AS slots, greatest(extract(epoch FROM me.run_at - now()), 0)::float8 AS until_due
FROM me, of_session, released, pace, slots LEFT JOIN ahead ON true
"""


async def of(connection: Connection | Pool, job_id: UUID) -> Place | None:
    """The place of a job, or None when it is not queued."""
    row = await connection.fetchrow(_PLACE, job_id)
    if row is None:
        return None
    position = row["position"] or 0
    eta_s = None
    if row["slots"]:
        eta_s = (
            position / row["slots"] * row["seconds"] if row["seconds"] is not None else (0.0 if not position else None)
        )
    if eta_s is not None and row["until_due"]:
        eta_s = max(eta_s, row["until_due"])
    return Place(position, None if eta_s is None else round(eta_s, 1))
