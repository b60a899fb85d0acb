"""What a running job asks a person, and the answer on its way to it.

A job has at most one question open, under its attempt. The first answer counts; it lies here until the worker takes it,
which deletes it, and is written nowhere else.
"""

from __future__ import annotations

from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import Conflict, NotFound
from core.jobs.lease import Held


async def ask(connection: Connection | Pool, held: Held, request: str) -> bool:
    """Open a question, in place of the one before. False when the attempt no longer runs."""
    job_id, attempt = held
    done = await connection.fetchval(
        """
        WITH mine AS (SELECT id FROM jobs WHERE id = $1 AND attempt = $2 AND state = 'running' FOR KEY SHARE)
        INSERT INTO questions (job_id, attempt, request) SELECT id, $2, $3 FROM mine
        ON CONFLICT (job_id) DO UPDATE
        SET attempt = excluded.attempt, request = excluded.request, text = NULL, asked_at = now()
        RETURNING 1
        """,
        job_id,
        attempt,
        request,
    )
    return done is not None


async def answer(connection: Connection | Pool, tenant_id: UUID, job_id: UUID, request: str | None, text: str) -> str:
    """Answer what a job asks; without `request`, whatever it is. Returns which question that was.

    Raises NotFound when the job is not this tenant's, and Conflict when the question is not open (any more): it was
    answered, nobody waits for it, or an attempt asked it that broke off.
    """
    if not await connection.fetchval("SELECT 1 FROM jobs WHERE id = $1 AND tenant_id = $2", job_id, tenant_id):
        raise NotFound("There is no such job.")
    answered: str | None = await connection.fetchval(
        """
        UPDATE questions SET text = $3 FROM jobs
        WHERE job_id = $1 AND ($2::text IS NULL OR request = $2) AND text IS NULL
          AND jobs.id = job_id AND jobs.state = 'running' AND jobs.attempt = questions.attempt
        RETURNING request
        """,
        job_id,
        request,
        text,
    )
    if answered is None:
        raise Conflict("No such question waits for an answer: it was answered, or is no longer asked.")
    return answered


async def take(connection: Connection | Pool, held: Held, request: str) -> str | None:
    """The answer, once there is one; with it the question is gone."""
    return await _delete(connection, held, request, "AND text IS NOT NULL")


async def close(connection: Connection | Pool, held: Held, request: str) -> str | None:
    """Ask no more. The answer, where it came just in time."""
    return await _delete(connection, held, request, "")


async def _delete(connection: Connection | Pool, held: Held, request: str, condition: str) -> str | None:
    text: str | None = await connection.fetchval(
        f"DELETE FROM questions WHERE job_id = $1 AND attempt = $2 AND request = $3 {condition} RETURNING text",
        *held,
        request,
    )
    return text


async def forget_stale(connection: Connection | Pool) -> None:
    """Remove the questions, and answers, of attempts that are over."""
    await connection.execute(
        "DELETE FROM questions WHERE NOT EXISTS (SELECT FROM jobs WHERE jobs.id = job_id "
        "AND jobs.state = 'running' AND jobs.attempt = questions.attempt)"
    )
