"""Looking jobs up: one by its id, or pages of them, always within a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import Conflict, NotFound
from core.jobs.job import Job
from core.jobs.states import State

COLUMNS = """
    jobs.id, jobs.tenant_id, agent, state, lane, priority, session_id, attempt, max_attempts, input, result, error,
    usage, job_inputs.metadata, last_seq, cancel_requested_at, created_at, run_at, started_at, finished_at,
    deadline_at, replayed_from
"""
TABLES = """
    jobs JOIN job_inputs ON job_inputs.job_id = jobs.id LEFT JOIN job_results ON job_results.job_id = jobs.id
"""


async def get(connection: Connection | Pool, tenant_id: UUID, job_id: UUID) -> Job:
    """One job. Raises NotFound when it is not there or somebody else's."""
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE jobs.id = $1 AND jobs.tenant_id = $2",
        job_id,
        tenant_id,
    )
    if row is None:
        raise NotFound("There is no such job.")
    return Job.from_record(row)


@dataclass(frozen=True, slots=True)
class Head:
    """As much of a job as it takes to follow it."""

    id: UUID
    state: State
    last_seq: int


async def head(connection: Connection | Pool, tenant_id: UUID, job_id: UUID) -> Head:
    """The head of one job. Raises NotFound when it is not there or somebody else's."""
    row = await connection.fetchrow(
        "SELECT id, state, last_seq FROM jobs WHERE id = $1 AND tenant_id = $2", job_id, tenant_id
    )
    if row is None:
        raise NotFound("There is no such job.")
    return Head(row["id"], State(row["state"]), row["last_seq"])


async def ended(connection: Connection | Pool, job_ids: Sequence[UUID]) -> dict[UUID, Job]:
    """These jobs as their terminal events show them, whoever's they are: that the asker may see them was checked."""
    rows = await connection.fetch(f"SELECT {COLUMNS} FROM {TABLES} WHERE jobs.id = ANY($1::uuid[])", list(job_ids))
    return {row["id"]: Job.from_record(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs to list; None asks for all."""

    state: str | None = None
    agent: str | None = None
    lane: str | None = None
    session_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


async def page(
    connection: Connection | Pool, tenant_id: UUID, wanted: Filter, limit: int, before: UUID | None
) -> list[Job]:
    """Up to `limit` jobs, newest first, made before the one with the id `before`."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM {TABLES}
        WHERE jobs.tenant_id = $1 AND ($2::uuid IS NULL OR jobs.id < $2)
          AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR agent = $4)
          AND ($5::text IS NULL OR lane = $5) AND ($6::uuid IS NULL OR session_id = $6)
          AND ($7::timestamptz IS NULL OR created_at > $7) AND ($8::timestamptz IS NULL OR created_at < $8)
        ORDER BY jobs.id DESC LIMIT $9
        """,
        tenant_id,
        before,
        wanted.state,
        wanted.agent,
        wanted.lane,
        wanted.session_id,
        wanted.created_after,
        wanted.created_before,
        limit,
    )
    return [Job.from_record(row) for row in rows]


async def delete(connection: Connection | Pool, tenant_id: UUID, job_id: UUID) -> None:
    """Remove a job that has ended, with its events and artifacts.

    Raises NotFound, or Conflict while it is queued or running.
    """
    job = await get(connection, tenant_id, job_id)
    if not job.state.terminal:
        raise Conflict(f"The job is {job.state}; cancel it first, and delete it when it has ended.")
    await connection.execute(
        """
        WITH gone AS (DELETE FROM artifacts WHERE job_id = $1 RETURNING blob_id),
        job AS (DELETE FROM jobs WHERE id = $1)
        DELETE FROM blobs WHERE id IN (SELECT blob_id FROM gone)
          AND NOT EXISTS (SELECT FROM files WHERE files.blob_id = blobs.id)
        """,
        job_id,
    )
