"""The event log: every row of `events` is written here and nowhere else.

A job's events are numbered 1, 2, 3 … without a gap, because the number comes from the job's own row, under its
lock, in the transaction that writes the event. A worker's events carry its attempt, and are refused when that is
no longer the running one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool, Record
from core.ids import Prefix, encode
from core.jobs.job import timestamp
from core.jobs.locking import locked
from core.jobs.states import TERMINAL

TERMINAL_TYPES = frozenset(f"job.{state}" for state in TERMINAL)


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is stored."""

    job_id: UUID
    seq: int
    attempt: int
    at: datetime
    type: str
    data: dict[str, Any]

    @property
    def terminal(self) -> bool:
        """The last of its job."""
        return self.type in TERMINAL_TYPES

    def view(self) -> dict[str, Any]:
        """The JSON object that clients get."""
        return {
            "job_id": encode(Prefix.JOB, self.job_id),
            "seq": self.seq,
            "attempt": self.attempt,
            "at": timestamp(self.at),
            "type": self.type,
            **self.data,
        }


@dataclass(slots=True)
class Entry:
    """What a worker wants to append to one job: events in order, under its attempt."""

    job_id: UUID
    attempt: int
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def moved(transition: str, type_: str, data: str = "'{}'::jsonb", *, state_column: str | None = None) -> str:
    """The SQL that appends one event to every job which a transition moved.

    `transition` names a CTE that returns `id`, `attempt` and the already raised `last_seq` of jobs; the event is
    thereby in the transaction, and under the lock, of the move it tells of. `data` is an SQL expression over it, and
    `state_column` a column whose value completes the type.
    """
    name = f"'{type_}'" if state_column is None else f"'{type_}' || {state_column}"
    return (
        f"INSERT INTO events (job_id, seq, attempt, type, data) "
        f"SELECT id, last_seq, attempt, {name}, {data} FROM {transition}"
    )


_APPEND = f"""
WITH wanted AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[]) AS w(id, attempt, count)),
held AS MATERIALIZED (
    SELECT job.id, job.attempt, wanted.count FROM {locked("wanted")}
    WHERE job.state = 'running' AND job.attempt = wanted.attempt),
counted AS (
    UPDATE jobs SET last_seq = jobs.last_seq + held.count FROM held WHERE jobs.id = held.id
    RETURNING jobs.id, jobs.attempt, jobs.last_seq - held.count AS base)
INSERT INTO events (job_id, seq, attempt, type, data)
SELECT counted.id, counted.base + given.place, counted.attempt, given.type, given.data
FROM unnest($4::uuid[], $5::int[], $6::int[], $7::text[], $8::jsonb[]) AS given(id, attempt, place, type, data)
JOIN counted USING (id, attempt)
RETURNING job_id, seq, attempt, at, type, data
"""


async def append(connection: Connection | Pool, entries: Sequence[Entry]) -> list[Event]:
    """Append events of running jobs, many jobs in one statement; each attempt at most once in `entries`.

    Returns what was written, by job and number. An attempt that is absent there was fenced out: its job runs under
    another by now, or not at all. Jobs are locked in id order, so two groups never wait for each other in a circle.
    """
    ids, attempts, places, types, data = [], [], [], [], []
    for entry in entries:
        for place, (type_, value) in enumerate(entry.events, start=1):
            ids.append(entry.job_id)
            attempts.append(entry.attempt)
            places.append(place)
            types.append(type_)
            data.append(storable(value))
    rows = await connection.fetch(
        _APPEND,
        [entry.job_id for entry in entries],
        [entry.attempt for entry in entries],
        [len(entry.events) for entry in entries],
        ids,
        attempts,
        places,
        types,
        data,
    )
    return sorted((_event(row) for row in rows), key=lambda event: (event.job_id, event.seq))


async def read(connection: Connection | Pool, job_id: UUID, after: int, limit: int) -> list[Event]:
    """Events of a job with a number above `after`, at most `limit`, in order: one range of the primary key."""
    rows = await connection.fetch(
        "SELECT job_id, seq, attempt, at, type, data FROM events WHERE job_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        job_id,
        after,
        limit,
    )
    return [_event(row) for row in rows]


async def newest(connection: Connection | Pool, job_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the newest event of each of these jobs."""
    rows = await connection.fetch("SELECT id, last_seq FROM jobs WHERE id = ANY($1::uuid[])", list(job_ids))
    return {row["id"]: row["last_seq"] for row in rows}


def storable(value: Any) -> Any:
    """The same JSON value as Postgres can keep it.

    NUL and lone surrogates have no place in jsonb, nor have NaN and the infinities: they become visible escapes
    (`\\x00`, `\\ud800`, `"NaN"`) instead of an error that would cost a whole group its events.
    """
    if isinstance(value, str):
        if "\x00" in value:
            value = value.replace("\x00", "\\x00")
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(str(key)): storable(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [storable(member) for member in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _event(row: Record) -> Event:
    return Event(**row)
