"""Sessions as rows: made, listed, renamed, and their conversation read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import NotFound
from core.ids import Prefix, encode, new_id
from core.jobs.job import timestamp
from core.sessions import sandboxes


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it is shown."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    jobs: int
    sandbox_expires_at: datetime | None
    """None: it has no sandbox at the moment."""

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        expires = self.sandbox_expires_at
        return {
            "id": encode(Prefix.SESSION, self.id),
            "title": self.title,
            "jobs": self.jobs,
            "sandbox": {
                "state": "running" if expires else "none",
                "expires_at": expires and timestamp(expires),
            },
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
        }


_SELECT = """
SELECT sessions.id, title, created_at, updated_at, last_job_seq AS jobs, live.expires_at AS sandbox_expires_at
FROM sessions LEFT JOIN sandboxes AS live ON live.session_id = sessions.id AND live.expires_at > now()
    AND live.ended_because IS NULL
WHERE sessions.deleted_at IS NULL
"""


async def create(connection: Connection | Pool, tenant_id: UUID, title: str) -> Session:
    """A new session, empty."""
    session_id = new_id()
    await connection.execute(
        "INSERT INTO sessions (id, tenant_id, title) VALUES ($1, $2, $3)", session_id, tenant_id, title
    )
    return await get(connection, tenant_id, session_id)


async def get(connection: Connection | Pool, tenant_id: UUID, session_id: UUID) -> Session:
    """One session. Raises NotFound when it is not there or somebody else's."""
    row = await connection.fetchrow(_SELECT + " AND tenant_id = $1 AND sessions.id = $2", tenant_id, session_id)
    if row is None:
        raise NotFound("There is no such session.")
    return Session(**row)


async def many(connection: Connection | Pool, session_ids: Sequence[UUID]) -> list[Session]:
    """These sessions, whoever's they are: that the asker may see them was checked."""
    rows = await connection.fetch(_SELECT + " AND sessions.id = ANY($1::uuid[])", list(session_ids))
    return [Session(**row) for row in rows]


async def page(connection: Connection | Pool, tenant_id: UUID, limit: int, before: UUID | None) -> list[Session]:
    """Up to `limit` sessions, newest first, made before the one with the id `before`."""
    rows = await connection.fetch(
        _SELECT + " AND tenant_id = $1 AND ($2::uuid IS NULL OR sessions.id < $2) ORDER BY sessions.id DESC LIMIT $3",
        tenant_id,
        before,
        limit,
    )
    return [Session(**row) for row in rows]


async def rename(connection: Connection | Pool, tenant_id: UUID, session_id: UUID, title: str) -> Session:
    """Give it another title. Raises NotFound."""
    await connection.execute(
        "UPDATE sessions SET title = $3, updated_at = now() WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL",
        session_id,
        tenant_id,
        title,
    )
    return await get(connection, tenant_id, session_id)


async def reset(pool: Pool, tenant_id: UUID, session_id: UUID) -> Session:
    """Let the next run begin in a fresh sandbox; files stay. What runs now runs on. Raises NotFound."""
    await get(pool, tenant_id, session_id)
    await sandboxes.end_any(pool, session_id, sandboxes.FRESH_WANTED)
    return await get(pool, tenant_id, session_id)


@dataclass(frozen=True, slots=True)
class Turn:
    """One ended job of a session's conversation: what was asked, and what came of it."""

    agent: str
    input: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None


async def conversation(connection: Connection | Pool, session_id: UUID, limit: int) -> list[Turn]:
    """The newest `limit` ended jobs of a session, oldest first."""
    rows = await connection.fetch(
        """
        SELECT agent, input, result, error FROM jobs
        JOIN job_inputs ON job_inputs.job_id = jobs.id JOIN job_results ON job_results.job_id = jobs.id
        WHERE session_id = $1 AND state IN ('succeeded', 'failed') ORDER BY session_seq DESC LIMIT $2
        """,
        session_id,
        limit,
    )
    return [Turn(**row) for row in reversed(rows)]
