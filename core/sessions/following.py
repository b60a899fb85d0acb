"""What a stream of a session reads: which jobs came to it, and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import NotFound
from core.jobs.states import State


@dataclass(frozen=True, slots=True)
class Member:
    """A job of a session."""

    arrival: int
    id: UUID
    state: State
    last_seq: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What tells that a session changed."""

    arrivals: int
    """Jobs that came to it so far."""
    updated_at: datetime


async def standing(connection: Connection | Pool, tenant_id: UUID, session_id: UUID) -> Standing:
    """How many jobs came to a session. Raises NotFound when it is not there or somebody else's."""
    row = await connection.fetchrow(
        "SELECT arrivals, updated_at FROM sessions WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL",
        session_id,
        tenant_id,
    )
    if row is None:
        raise NotFound("There is no such session.")
    return Standing(*row)


async def standings(connection: Connection | Pool, session_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """The same of many, whoever's they are."""
    rows = await connection.fetch(
        "SELECT id, arrivals, updated_at FROM sessions WHERE id = ANY($1::uuid[])", list(session_ids)
    )
    return {row["id"]: Standing(row["arrivals"], row["updated_at"]) for row in rows}


async def members(connection: Connection | Pool, session_id: UUID, after: int, limit: int) -> list[Member]:
    """Jobs that came after the one with the arrival `after`, in the order in which they came. A number that is left
    out was deleted: numbers are given under the session's lock, so none is committed after a higher one.
    """
    rows = await connection.fetch(
        "SELECT session_arrival, id, state, last_seq FROM jobs WHERE session_id = $1 AND session_arrival > $2 "
        "ORDER BY session_arrival LIMIT $3",
        session_id,
        after,
        limit,
    )
    return [Member(arrival, id_, State(state), last_seq) for arrival, id_, state, last_seq in rows]


async def before_live(connection: Connection | Pool, session_id: UUID, arrivals: int) -> int:
    """An arrival up to which all jobs have ended: just before the first that has not, or `arrivals`."""
    first: int | None = await connection.fetchval(
        "SELECT min(session_arrival) FROM jobs WHERE session_id = $1 AND state IN ('queued', 'running')", session_id
    )
    return arrivals if first is None else min(first - 1, arrivals)
