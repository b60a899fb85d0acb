"""Worker processes come, say that they live, and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool

ALIVE_WITHIN = timedelta(seconds=15)
"""A worker that said nothing for longer is taken for gone."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One live process."""

    id: UUID
    pool: str
    agents: list[str]
    hostname: str
    pid: int
    slots: int
    info: dict[str, Any]
    started_at: datetime


async def register(
    connection: Connection | Pool,
    worker_id: UUID,
    pool_name: str,
    agents: Sequence[str],
    hostname: str,
    pid: int,
    slots: int,
    info: dict[str, Any],
) -> None:
    """Enter a process that starts."""
    await connection.execute(
        "INSERT INTO workers (id, pool, agents, hostname, pid, slots, info) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        worker_id,
        pool_name,
        list(agents),
        hostname,
        pid,
        slots,
        info,
    )


async def describe(connection: Connection | Pool, worker_id: UUID, info: dict[str, Any]) -> None:
    """Say of a process what the page and operators want to know."""
    await connection.execute("UPDATE workers SET info = $2 WHERE id = $1", worker_id, info)


async def unregister(connection: Connection | Pool, worker_id: UUID) -> None:
    """Remove a process that stops."""
    await connection.execute("DELETE FROM workers WHERE id = $1", worker_id)


async def alive(connection: Connection | Pool) -> list[Worker]:
    """All that live, the oldest first."""
    rows = await connection.fetch(
        "SELECT id, pool, agents, hostname, pid, slots, info, started_at FROM workers "
        "WHERE heartbeat_at > now() - $1::interval AND NOT stopping ORDER BY started_at",
        ALIVE_WITHIN,
    )
    return [Worker(**row) for row in rows]


async def remove_gone(connection: Connection | Pool) -> None:
    """Forget processes that have said nothing for an hour."""
    await connection.execute("DELETE FROM workers WHERE heartbeat_at < now() - interval '1 hour'")


@dataclass(frozen=True, slots=True)
class Load:
    """How much there is to do in one lane of one agent."""

    agent: str
    lane: str
    queued: int
    running: int
    oldest_s: float | None
    """Age of the oldest queued job."""


async def load(connection: Connection | Pool) -> list[Load]:
    """Queued and running jobs by agent and lane."""
    rows = await connection.fetch(
        """
        SELECT agent, lane, count(*) FILTER (WHERE state = 'queued') AS queued,
               count(*) FILTER (WHERE state = 'running') AS running,
               extract(epoch FROM now() - min(created_at) FILTER (WHERE state = 'queued'))::float8 AS oldest_s
        FROM jobs WHERE state IN ('queued', 'running') GROUP BY agent, lane
        """
    )
    return [Load(**row) for row in rows]
