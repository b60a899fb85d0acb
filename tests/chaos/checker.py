"""Reads what is stored and what the clients saw, and says where the two, or either and the promises, do not agree.

Every check looks at everything there is and names each violation; none of them knows which faults there were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from core.database.pool import Connection, Pool
from core.events.log import TERMINAL_TYPES, Event
from core.ids import Prefix, encode
from core.jobs import reading
from core.jobs.job import Job
from core.jobs.states import Holds
from core.tenants import DEFAULT_TENANT
from tests.chaos.clients import Record
from tests.chaos.runner import token

MILLISECOND = timedelta(milliseconds=1)
SHOWN = 5
"""Violations of one check that are shown."""


@dataclass
class Stored:
    """One job with all that belongs to it."""

    id: str
    job: Job
    holds: Holds
    session_seq: int | None
    handed_back: int
    events: list[Event]
    results: int
    artifact: str | None
    files: list[int | None]
    """Of the versions of files that it made: which attempt wrote each."""

    @property
    def runs(self) -> list[Event]:
        """The beginnings of its attempts."""
        return [event for event in self.events if event.type == "job.running"]

    def __str__(self) -> str:
        story = ", ".join(f"{event.seq}:{event.type}@{event.attempt}" for event in self.events)
        return f"{self.id} ({self.job.state}, attempt {self.job.attempt}/{self.job.max_attempts}) [{story[:600]}]"


@dataclass
class Check:
    """One promise, how often it was looked at, and where it was broken."""

    name: str
    looked_at: int
    violations: list[str]


@dataclass
class World:
    """What the checks look at."""

    jobs: dict[str, Stored]
    record: Record
    falls: list[str]
    """Processes that ended by themselves, without a reason that counts."""


Broken = Iterator[str | None]
"""For every thing that is looked at: None, or what is wrong with it."""

CHECKS: list[tuple[str, Callable[[World], Broken]]] = []


def check(name: str) -> Callable[[Callable[[World], Broken]], Callable[[World], Broken]]:
    """Register a check under the sentence that must be true."""

    def register(function: Callable[[World], Broken]) -> Callable[[World], Broken]:
        CHECKS.append((name, function))
        return function

    return register


def examine(world: World) -> list[Check]:
    """All checks."""
    found = []
    for name, function in CHECKS:
        results = list(function(world))
        found.append(Check(name, len(results), [one for one in results if one is not None]))
    return found


# --- jobs -------------------------------------------------------------------------------------------------------


@check("what was answered 202 exists")
def _accepted_exist(world: World) -> Broken:
    for job_id, accepted in world.record.accepted.items():
        yield None if job_id in world.jobs else f"{job_id} ({accepted.kind}) was accepted and is not there"


@check("every job ended")
def _all_ended(world: World) -> Broken:
    for stored in world.jobs.values():
        yield None if stored.job.state.terminal else f"{stored} has not ended"


@check("one terminal event, the last, and one result")
def _one_end(world: World) -> Broken:
    for stored in world.jobs.values():
        ends = [event.seq for event in stored.events if event.type in TERMINAL_TYPES]
        well = (
            len(ends) == 1
            and stored.events[-1].type == f"job.{stored.job.state}"
            and stored.results == 1
            and stored.job.finished_at is not None
        )
        yield None if well or not stored.job.state.terminal else f"{stored}: ends {ends}, {stored.results} results"


@check("numbers 1, 2, 3 … without a gap")
def _no_gap(world: World) -> Broken:
    for stored in world.jobs.values():
        numbers = [event.seq for event in stored.events]
        well = numbers == list(range(1, stored.job.last_seq + 1))
        yield None if well else f"{stored}: last_seq {stored.job.last_seq}"


@check("no event of an attempt after a newer one began")
def _attempts_rise(world: World) -> Broken:
    for stored in world.jobs.values():
        attempts = [event.attempt for event in stored.events]
        first = {event.attempt: event.type for event in reversed(stored.events)}
        well = (
            attempts == sorted(attempts)
            and first.pop(0, None) == "job.queued"
            and set(first.values()) <= {"job.running"}
            and [event.attempt for event in stored.runs] == list(range(1, stored.job.attempt + 1))
        )
        yield None if well else f"{stored}: attempts {attempts}"


@check("attempts are bounded")
def _bounded(world: World) -> Broken:
    for stored in world.jobs.values():
        well = stored.job.attempt - stored.handed_back <= stored.job.max_attempts
        yield None if well else f"{stored}: {stored.handed_back} handed back"


@check("every retry is said once")
def _retries_said(world: World) -> Broken:
    for stored in world.jobs.values():
        said = [event.attempt for event in stored.events if event.type == "job.retrying"]
        attempt = stored.job.attempt
        # The last attempt may have been told to be tried again, and the job been cancelled before it was.
        well = said in (list(range(1, attempt)), list(range(1, attempt + 1)))
        yield None if well else f"{stored}: said after {said}"


@check("an attempt's steps are whole, in order and its own")
def _steps(world: World) -> Broken:
    for stored in world.jobs.values():
        told: defaultdict[int, str] = defaultdict(str)
        for event in stored.events:
            told[event.attempt] += event.data.get("text", "") + event.data.get("message", "")
        for attempt, text in told.items():
            whole = "".join(token(attempt, step) for step in range(1, text.count(";") + 1))
            yield None if text == whole else f"{stored}: attempt {attempt} said {text[:200]!r}"
        if stored.job.state == "succeeded":
            count, wanted = told[stored.job.attempt].count(";"), stored.job.input["steps"]
            yield None if count == wanted else f"{stored}: {count} steps of {wanted}"


@check("results, artifacts and files are of the attempt that won")
def _winner(world: World) -> Broken:
    for stored in world.jobs.values():
        won = stored.job.state == "succeeded"
        result = stored.job.result
        if won:
            well = result == {"attempt": stored.job.attempt, "steps": stored.job.input["steps"]}
            yield None if well else f"{stored}: result {result}"
        if stored.job.input.get("keeps"):
            artifact = stored.artifact
            well = artifact == str(stored.job.attempt) if won else int(artifact or 0) <= stored.job.attempt
            yield None if well else f"{stored}: artifact {artifact}"
        if stored.job.session_id is not None:
            files = [stored.job.attempt] if won and stored.job.input.get("keeps") else []
            yield None if stored.files == files else f"{stored}: files of the attempts {stored.files}, not {files}"


@check("an idempotency key makes one job")
def _keys(world: World) -> Broken:
    named = defaultdict(list)
    for stored in world.jobs.values():
        if key := stored.job.metadata.get("key"):
            named[key].append(stored.id)
    for key, ids in world.record.keys.items():
        yield None if set(ids) == set(named[key]) and len(named[key]) == 1 else f"{key}: {ids} told, {named[key]} there"


@check("what a session serialises runs one at a time, in order")
def _sessions(world: World) -> Broken:
    sessions = defaultdict(list)
    for stored in world.jobs.values():
        if stored.job.session_id is not None and stored.runs and stored.session_seq is not None:
            sessions[stored.job.session_id].append(stored)
    for jobs in sessions.values():
        jobs.sort(key=lambda stored: stored.session_seq or 0)
        for resource in (Holds.CONVERSATION, Holds.SANDBOX):
            holders = [stored for stored in jobs if stored.holds & resource]
            for before, after in pairwise(holders):
                well = before.events[-1].at <= after.runs[0].at
                yield None if well else f"{after} began before {before} had ended"


@check("a session's jobs have the order in which they were submitted")
def _places(world: World) -> Broken:
    sessions = defaultdict(list)
    for job_id, accepted in world.record.accepted.items():
        if accepted.place is not None and job_id in world.jobs:
            sessions[accepted.wanted["session_id"]].append((accepted.place, world.jobs[job_id].session_seq or 0))
    for session, places in sessions.items():
        numbers = [number for _, number in sorted(places)]
        yield None if numbers == sorted(set(numbers)) else f"{session}: {sorted(places)}"


@check("a retry waits as long as it said")
def _back_off(world: World) -> Broken:
    for stored in world.jobs.values():
        for before, after in pairwise(stored.events):
            if before.type == "job.retrying" and after.type == "job.running":
                not_before = datetime.fromisoformat(before.data["next_attempt_at"])
                well = after.at >= not_before - MILLISECOND  # to which it is rounded
                yield None if well else f"{stored}: attempt {after.attempt} at {after.at}, not before {not_before}"


@check("nothing runs before its time or past its deadline")
def _times(world: World) -> Broken:
    for job_id, accepted in world.record.accepted.items():
        if (stored := world.jobs.get(job_id)) is None:
            continue
        if run_at := accepted.wanted.get("run_at"):
            early = any(event.at < datetime.fromisoformat(run_at) for event in stored.runs)
            yield f"{stored} ran before {run_at}" if early else None
        if deadline := stored.job.deadline_at:
            late = any(event.at > deadline for event in stored.runs)
            yield f"{stored} began after {deadline}" if late else None


ENDS: dict[str, set[str]] = {
    "one": {"succeeded"},
    "keyed": {"succeeded"},
    "heap": {"succeeded"},
    "in a session": {"succeeded"},
    "in a hurry": {"succeeded", "cancelled"},
    "later": {"succeeded"},
    "before the later one": {"succeeded"},
    "cancelled": {"cancelled", "succeeded"},
    "with a deadline": {"expired", "succeeded"},
    "failure": {"failed: user-code-error"},
    "fault once": {"succeeded"},
    "fault always": {"failed: attempts-exhausted"},
    "kill once": {"succeeded"},
    "poison": {"failed: attempts-exhausted"},
    "hang": {"expired"},
}
"""How a job of each kind may end, whatever else happens to the service."""


@check("every job ended as its kind must, neighbours of poison too")
def _ends(world: World) -> Broken:
    for job_id, accepted in world.record.accepted.items():
        if (stored := world.jobs.get(job_id)) is None:
            continue
        end = str(stored.job.state) + (f": {stored.job.error['type']}" if stored.job.error else "")
        yield None if end in ENDS[accepted.kind] else f"{stored} ({accepted.kind}) ended {end}: {stored.job.error}"


# --- clients ------------------------------------------------------------------------------------------------------


@check("clients saw nothing that is not stored, to the byte")
def _stored_equal(world: World) -> Broken:
    texts = {
        (stored.id, event.seq): as_sent(event, stored.job) for stored in world.jobs.values() for event in stored.events
    }
    for watch in world.record.watches:
        for number, text in watch.seen:
            kept = texts.get((watch.job_id, number))
            yield None if kept == text else f"{watch.job_id} {number}: saw {text[:300]}, stored is {str(kept)[:300]}"


@check("clients saw each number once and in order, to the end")
def _seen_in_order(world: World) -> Broken:
    for watch in world.record.watches:
        numbers = [number for number, _ in watch.seen]
        stored = world.jobs.get(watch.job_id)
        well = watch.ended and stored is not None and numbers == list(range(1, stored.job.last_seq + 1))
        yield None if well else f"{watch.job_id}: saw {numbers}, ended {watch.ended}; stored {stored}"


@check("no answer that a client should never get")
def _answers(world: World) -> Broken:
    yield from [None] * len(world.record.accepted)
    yield from world.record.wrong


@check("no process fell that nobody had pushed")
def _falls(world: World) -> Broken:
    yield None
    yield from world.falls


def as_sent(event: Event, job: Job) -> str:
    """The JSON of an event as streams carry it."""
    return event.line(job.view() if event.terminal else None)


# --- reading what is stored -----------------------------------------------------------------------------------------


async def stored_jobs(pool: Pool) -> dict[str, Stored]:
    """Every job there is, all as of one moment: some may still run."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await _stored_jobs(connection)


async def _stored_jobs(connection: Connection) -> dict[str, Stored]:
    events: defaultdict[UUID, list[Event]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT job_id, seq, attempt, at, type, data::text AS text FROM events ORDER BY job_id, seq"
    ):
        events[row["job_id"]].append(Event(**row))
    results = {row["job_id"] for row in await connection.fetch("SELECT job_id FROM job_results")}
    artifacts = {
        row["job_id"]: await _content(connection, row["blob_id"])
        for row in await connection.fetch("SELECT job_id, blob_id FROM artifacts")
    }
    files: defaultdict[UUID, list[int | None]] = defaultdict(list)
    for row in await connection.fetch("SELECT job_id, blob_id FROM files ORDER BY version"):
        files[row["job_id"]].append(int(await _content(connection, row["blob_id"])))
    more = {row["id"]: row for row in await connection.fetch("SELECT id, holds, session_seq, handed_back FROM jobs")}
    jobs = {}
    for row in await connection.fetch(f"SELECT {reading.COLUMNS} FROM {reading.TABLES}"):
        job = Job.from_record(row)
        assert job.tenant_id == DEFAULT_TENANT
        name = encode(Prefix.JOB, job.id)
        rest = more[job.id]
        jobs[name] = Stored(
            id=name,
            job=job,
            holds=Holds(rest["holds"]),
            session_seq=rest["session_seq"],
            handed_back=rest["handed_back"],
            events=events[job.id],
            results=int(job.id in results),
            artifact=artifacts.get(job.id),
            files=files[job.id],
        )
    return jobs


async def _content(connection: Connection, blob_id: UUID) -> str:
    chunks = await connection.fetch("SELECT data FROM blob_chunks WHERE blob_id = $1 ORDER BY number", blob_id)
    return b"".join(row["data"] for row in chunks).decode()
