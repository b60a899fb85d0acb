"""Where a queued job stands: how many would run before it if nothing else came, and about when it will start.

A hint, worked out for jobs that somebody looks at. It follows the order in which jobs are released: lanes first,
tenants in turns by what they have under way, and inside a tenant priority and age.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.database.pool import Connection, Pool, Record


@dataclass(frozen=True, slots=True)
class Place:
    """A queued job's place."""

    position: int
    """Jobs that would start before it."""
    eta_s: float | None
    """Seconds until it starts, by what such jobs took lately; None where nothing can be said."""


_PLACES = """
WITH wanted AS (
    SELECT id, agent, lane, tenant_id, priority, released_at, session_id, session_seq, ready, run_at FROM jobs
    WHERE id = ANY($1::uuid[]) AND state = 'queued'),
waiting AS (
    SELECT id, agent, lane, tenant_id, priority, ready FROM jobs
    WHERE agent IN (SELECT agent FROM wanted) AND state = 'queued' AND released_at IS NULL AND ready
    UNION ALL
    SELECT id, agent, lane, tenant_id, priority, ready FROM wanted WHERE released_at IS NULL AND NOT ready),
busy AS (
    SELECT agent, lane, tenant_id, count(*) AS count FROM jobs
    WHERE agent IN (SELECT agent FROM wanted)
      AND (state = 'running' OR (state = 'queued' AND released_at IS NOT NULL))
    GROUP BY agent, lane, tenant_id),
-- One that is not ready yet has its place among those that are, and takes none from them.
turns AS (
    SELECT waiting.id, agent, lane, tenant_id, ready,
           (coalesce(busy.count, 0) + sum(ready::int) OVER (
                PARTITION BY agent, lane, tenant_id ORDER BY waiting.priority DESC, waiting.id) - ready::int)::float8
               / tenants.weight AS share
    FROM waiting JOIN tenants ON tenants.id = waiting.tenant_id LEFT JOIN busy USING (agent, lane, tenant_id)),
places AS (
    SELECT id, coalesce(sum(ready::int) OVER (
        PARTITION BY agent, lane ORDER BY share, tenant_id, ready
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead
    FROM turns),
first_lane AS (SELECT agent, count(*) AS count FROM waiting WHERE lane = 'interactive' AND ready GROUP BY agent),
slots AS (
    SELECT names.agent, coalesce(sum(slots), 0) AS count FROM (SELECT DISTINCT agent FROM wanted) AS names
    LEFT JOIN workers ON names.agent = ANY(workers.agents) AND NOT stopping
      AND heartbeat_at > now() - interval '15 seconds'
    GROUP BY names.agent),
pace AS (
    SELECT owners.tenant_id, owners.agent, lately.seconds FROM (SELECT DISTINCT tenant_id, agent FROM wanted) AS owners
    CROSS JOIN LATERAL (
        SELECT avg(extract(epoch FROM finished_at - started_at))::float8 AS seconds FROM (
            SELECT finished_at, started_at FROM jobs
            WHERE jobs.tenant_id = owners.tenant_id AND jobs.agent = owners.agent
              AND jobs.finished_at IS NOT NULL AND jobs.started_at IS NOT NULL
            ORDER BY jobs.id DESC LIMIT 20) AS newest) AS lately)
SELECT wanted.id,
       CASE WHEN wanted.released_at IS NOT NULL THEN 0
            ELSE greatest(
                coalesce(places.ahead, 0)
                    + CASE WHEN wanted.lane = 'batch' THEN coalesce(first_lane.count, 0) ELSE 0 END,
                of_session.count) END
           + released.count AS position,
       pace.seconds, slots.count AS slots,
       greatest(extract(epoch FROM wanted.run_at - now()), 0)::float8 AS until_due
FROM wanted
JOIN slots USING (agent) JOIN pace ON pace.tenant_id = wanted.tenant_id AND pace.agent = wanted.agent
LEFT JOIN places ON places.id = wanted.id LEFT JOIN first_lane ON first_lane.agent = wanted.agent
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM jobs
    WHERE NOT wanted.ready AND jobs.session_id = wanted.session_id AND jobs.session_seq < wanted.session_seq
      AND jobs.state IN ('queued', 'running')) AS of_session
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM jobs
    WHERE jobs.agent = wanted.agent AND jobs.state = 'queued' AND jobs.released_at IS NOT NULL
      AND (wanted.released_at IS NULL OR jobs.released_at < wanted.released_at)) AS released
"""


async def of_many(connection: Connection | Pool, job_ids: Sequence[UUID]) -> dict[UUID, Place]:
    """The places of those of the jobs that are queued, all by one statement."""
    rows = await connection.fetch(_PLACES, list(job_ids))
    return {row["id"]: _place(row) for row in rows}


async def of(connection: Connection | Pool, job_id: UUID) -> Place | None:
    """The place of a job, or None when it is not queued."""
    return (await of_many(connection, [job_id])).get(job_id)


def _place(row: Record) -> Place:
    position = int(row["position"])
    eta_s = None
    if row["slots"]:
        eta_s = (
            position / row["slots"] * row["seconds"] if row["seconds"] is not None else (0.0 if not position else None)
        )
    if eta_s is not None and row["until_due"]:
        eta_s = max(eta_s, row["until_due"])
    return Place(position, None if eta_s is None else round(float(eta_s), 1))
