"""A session's conversation as its user sees it: what was asked, what was written, what ran, in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool
from core.ids import Prefix, encode
from core.jobs.job import timestamp

PRINTED = 2_000
"""Characters of what a run printed; the job has all that is kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One job of the session, in the words of whoever reads it later."""

    id: UUID
    agent: str
    state: str
    asked: str | None
    """The prompt or task; None for what was not asked in words."""
    code: str | None
    """The program that was written, or run."""
    said: str | None
    """The explanation or answer."""
    printed: str | None
    error: dict[str, Any] | None
    """Why it failed: the exception of the program where it was that, with its line."""
    created_at: datetime
    finished_at: datetime | None

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "job_id": encode(Prefix.JOB, self.id),
            "agent": self.agent,
            "state": self.state,
            "asked": self.asked,
            "code": self.code,
            "said": self.said,
            "printed": self.printed,
            "error": self.error,
            "created_at": timestamp(self.created_at),
            "finished_at": self.finished_at and timestamp(self.finished_at),
        }


async def page(connection: Connection | Pool, session_id: UUID, limit: int, after: UUID | None) -> list[Entry]:
    """Up to `limit` entries, oldest first, after that of the job `after`. Jobs that wait for their time come later."""
    rows = await connection.fetch(
        """
        SELECT jobs.id, agent, state, coalesce(input->>'prompt', input->>'task') AS asked,
               coalesce(result->>'code', input->>'code') AS code,
               coalesce(result->>'explanation', result->>'answer') AS said,
               left(result->>'stdout', $4) AS printed,
               CASE WHEN error IS NULL THEN NULL ELSE jsonb_build_object(
                   'title', error->'title', 'detail', error->'detail', 'line', error->'line') END AS error,
               created_at, finished_at
        FROM jobs JOIN job_inputs ON job_inputs.job_id = jobs.id LEFT JOIN job_results ON job_results.job_id = jobs.id
        WHERE session_id = $1 AND session_seq > coalesce((SELECT session_seq FROM jobs WHERE id = $3), 0)
        ORDER BY session_seq LIMIT $2
        """,
        session_id,
        limit,
        after,
        PRINTED,
    )
    return [Entry(**row) for row in rows]
