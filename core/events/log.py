"""The event log: every row of `events` is written here and nowhere else.

A job's events are numbered 1, 2, 3 … without a gap, because the number comes from the job's own row, under its
lock, in the transaction that writes the event. A worker's events carry its attempt, and are refused when that is
no longer the running one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.database.pool import Connection, Pool, Record
from core.events.sizes import fitting
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
    text: str
    """Its data: a JSON object, spelled as Postgres spells it, so that live and replayed events are the same bytes."""

    @classmethod
    def of(cls, job_id: UUID, seq: int, attempt: int, at: datetime, type_: str, data: dict[str, str]) -> Event:
        """One that was not read back. Only for at most one field, and that a text: others Postgres spells anew."""
        return cls(job_id, seq, attempt, at, type_, json.dumps(data, ensure_ascii=False))

    @property
    def data(self) -> dict[str, Any]:
        """What it carries beyond the common fields."""
        data: dict[str, Any] = json.loads(self.text)
        return data

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

    def line(self, job: dict[str, Any] | None = None) -> str:
        """The same as JSON text, on one line; `job` is what a terminal event carries. Its data is not parsed."""
        rest = self.text[1:] if job is None else f'"job":{json.dumps(job, ensure_ascii=False, separators=(",", ":"))}}}'
        comma = "" if rest == "}" else ","
        return (
            f'{{"job_id":"{encode(Prefix.JOB, self.job_id)}","seq":{self.seq},"attempt":{self.attempt},'
            f'"at":"{timestamp(self.at)}","type":"{self.type}"{comma}{rest}'
        )


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
RETURNING job_id, seq, attempt, at, type, data::text AS text
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
            data.append(kept(value))
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
        "SELECT job_id, seq, attempt, at, type, data::text AS text FROM events "
        "WHERE job_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        job_id,
        after,
        limit,
    )
    return [_event(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Page:
    """Some events of one job, in order."""

    events: list[Event]
    more: bool
    """There were more of them when they were read."""


_PAGES = """
SELECT job_id, seq, attempt, at, type, text, more FROM unnest($1::uuid[], $2::int[]) AS wanted(id, after)
CROSS JOIN LATERAL (
    SELECT page.*, bool_or(place > $3 OR (before > $4 AND place > 1)) OVER () AS more FROM (
        SELECT found.*, row_number() OVER in_order AS place,
               sum(octet_length(text)) OVER in_order - octet_length(text) AS before
        FROM (SELECT job_id, seq, attempt, at, type, data::text AS text FROM events
              WHERE job_id = wanted.id AND seq > wanted.after ORDER BY seq LIMIT $3 + 1) AS found
        WINDOW in_order AS (ORDER BY seq)) AS page) AS sized
WHERE place <= $3 AND (before <= $4 OR place = 1)
"""

PAGE_EVENTS = 128
PAGE_BYTES = 512 * 1024


async def pages(
    connection: Connection | Pool,
    after: Mapping[UUID, int],
    most: int = PAGE_EVENTS,
    most_bytes: int = PAGE_BYTES,
) -> dict[UUID, Page]:
    """For each of these jobs the next events after a number: one range of the primary key each, all in one statement.

    A page is as long as its count or its size allows, and never empty while there is something to read, so that a
    reader of any log needs as much memory as one page does. A job without further events is absent.
    """
    rows = await connection.fetch(_PAGES, list(after), list(after.values()), most, most_bytes)
    found: dict[UUID, Page] = {}
    for *values, more in rows:
        event = Event(*values)
        if (page := found.get(event.job_id)) is None:
            page = found[event.job_id] = Page([], more)
        page.events.append(event)
    return found


async def newer(connection: Connection | Pool, seen: Mapping[UUID, int]) -> dict[UUID, int | None]:
    """Those of these jobs that have events beyond the number given, with the number of the newest; None for one that
    was deleted.
    """
    rows = await connection.fetch(
        "SELECT seen.id, last_seq FROM unnest($1::uuid[], $2::int[]) AS seen(id, seq) LEFT JOIN jobs USING (id) "
        "WHERE last_seq IS NULL OR last_seq > seen.seq",
        list(seen),
        list(seen.values()),
    )
    return {row["id"]: row["last_seq"] for row in rows}


def kept(data: dict[str, Any]) -> dict[str, Any]:
    """An event's data as the log keeps it: what Postgres can't store escaped, what is too long cut."""
    return fitting(storable(data))


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
