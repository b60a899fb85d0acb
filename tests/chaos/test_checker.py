"""The checker finds what it is there to find: a good record has no violation, and each way of spoiling it has one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.events.log import Event
from core.ids import Prefix, encode, new_id
from core.jobs.job import Job
from core.jobs.states import Holds, State
from core.tenants import DEFAULT_TENANT
from tests.chaos.checker import Stored, World, as_sent, examine
from tests.chaos.clients import Accepted, Record, Watch
from tests.chaos.runner import token

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SESSION = new_id()


def story(job_id: UUID, begin: int, *said: tuple[str, int, dict[str, Any]]) -> list[Event]:
    """Events a second apart."""
    return [
        Event(job_id, seq, attempt, NOON + timedelta(seconds=begin + seq), type_, json.dumps(data))
        for seq, (type_, attempt, data) in enumerate(said, start=1)
    ]


def stored(session_seq: int, events: Callable[[UUID], list[Event]], **fields: Any) -> Stored:
    job_id = new_id()
    told = events(job_id)
    attempt = told[-1].attempt
    job = Job(
        id=job_id,
        tenant_id=DEFAULT_TENANT,
        agent="work",
        state=State.SUCCEEDED,
        lane="interactive",
        priority=5,
        session_id=SESSION,
        attempt=attempt,
        max_attempts=3,
        input={"steps": 2, "keeps": True},
        result={"attempt": attempt, "steps": 2},
        error=None,
        usage=None,
        metadata={"key": f"key-{session_seq}"},
        last_seq=len(told),
        cancel_requested_at=None,
        created_at=NOON,
        run_at=None,
        started_at=NOON,
        finished_at=told[-1].at,
        deadline_at=NOON + timedelta(hours=1),
        replayed_from=None,
    )
    return Stored(
        id=encode(Prefix.JOB, job_id),
        job=replace(job, **fields),
        holds=Holds.SANDBOX,
        session_seq=session_seq,
        handed_back=0,
        events=told,
        results=1,
        artifact=str(attempt),
        files=[attempt],
    )


def attempt_of(number: int) -> tuple[tuple[str, int, dict[str, Any]], ...]:
    return (
        ("job.running", number, {"worker": "w"}),
        ("stdout", number, {"text": token(number, 1)}),
        ("job.progress", number, {"message": token(number, 2)}),
    )


@pytest.fixture
def world() -> World:
    """Two jobs of one session, the first of them after a retry, each followed by a client."""
    first = stored(
        1,
        lambda job_id: story(
            job_id,
            0,
            ("job.queued", 0, {}),
            *attempt_of(1),
            ("job.retrying", 1, {"reason": "r", "next_attempt_at": "2026-01-01T12:00:06.000Z"}),
            *attempt_of(2),
            ("job.succeeded", 2, {}),
        ),
    )
    second = stored(
        2, lambda job_id: story(job_id, 20, ("job.queued", 0, {}), *attempt_of(1), ("job.succeeded", 1, {}))
    )
    record = Record()
    for place, one in enumerate((first, second), start=1):
        wanted = {"session_id": "ses", "run_at": NOON.isoformat()}
        record.accepted[one.id] = Accepted(one.id, "in a session", wanted, place)
        record.keys[f"key-{place}"] = [one.id, one.id]
        seen = [(event.seq, as_sent(event, one.job)) for event in one.events]
        record.watches.append(Watch(one.id, seen, ended=True))
    return World({first.id: first, second.id: second}, record, [])


def test_a_good_record_has_no_violation(world: World) -> None:
    found = examine(world)
    assert [(check.name, check.violations) for check in found if check.violations] == []
    assert all(check.looked_at for check in found)


def first(world: World) -> Stored:
    return next(iter(world.jobs.values()))


def second(world: World) -> Stored:
    return list(world.jobs.values())[1]


def lost(world: World) -> None:
    del world.jobs[first(world).id]


def not_ended(world: World) -> None:
    one = first(world)
    one.job = replace(one.job, state=State.RUNNING, finished_at=None)


def two_ends(world: World) -> None:
    one = first(world)
    one.events.append(replace(one.events[-1], seq=len(one.events) + 1))
    one.job = replace(one.job, last_seq=len(one.events))


def other_end(world: World) -> None:
    one = first(world)
    one.job = replace(one.job, state=State.CANCELLED)


def gap(world: World) -> None:
    del first(world).events[2]


def numbers_ahead(world: World) -> None:
    one = first(world)
    one.job = replace(one.job, last_seq=one.job.last_seq + 1)


def stale_write(world: World) -> None:
    one = first(world)
    one.events[6] = replace(one.events[6], attempt=1)


def stale_words(world: World) -> None:
    one = first(world)
    one.events[6] = replace(one.events[6], text=json.dumps({"text": token(1, 3)}))


def written_twice(world: World) -> None:
    one = second(world)
    one.events[3] = replace(one.events[3], text=json.dumps({"message": token(1, 1)}))


def too_often(world: World) -> None:
    one = first(world)
    one.job = replace(one.job, max_attempts=1)


def silent_retry(world: World) -> None:
    one = first(world)
    one.events[4] = replace(one.events[4], type="stderr", text=json.dumps({}))


def impatient_retry(world: World) -> None:
    one = first(world)
    one.events[4] = replace(one.events[4], text=json.dumps({"next_attempt_at": "2026-01-01T12:00:07.000Z"}))


def stale_result(world: World) -> None:
    one = first(world)
    one.job = replace(one.job, result={"attempt": 1, "steps": 2})


def stale_artifact(world: World) -> None:
    first(world).artifact = "1"


def files_of_the_loser(world: World) -> None:
    first(world).files = [1, 2]


def two_jobs_of_a_key(world: World) -> None:
    one = second(world)
    one.job = replace(one.job, metadata={"key": "key-1"})


def at_the_same_time(world: World) -> None:
    one = second(world)
    one.events = [replace(event, at=event.at - timedelta(seconds=15)) for event in one.events]


def overtaken(world: World) -> None:
    first(world).session_seq, second(world).session_seq = 2, 1


def too_early(world: World) -> None:
    accepted = world.record.accepted[first(world).id]
    accepted.wanted["run_at"] = (NOON + timedelta(seconds=3)).isoformat()


def too_late(world: World) -> None:
    one = second(world)
    one.job = replace(one.job, deadline_at=NOON)


def wrong_end(world: World) -> None:
    world.record.accepted[first(world).id].kind = "poison"


def seen_but_not_stored(world: World) -> None:
    watch = world.record.watches[0]
    watch.seen[3] = (4, watch.seen[3][1].replace("1.2", "1.3"))


def seen_twice(world: World) -> None:
    world.record.watches[0].seen.insert(3, world.record.watches[0].seen[2])


def missed(world: World) -> None:
    del world.record.watches[1].seen[1]


def never_closed(world: World) -> None:
    world.record.watches[1].ended = False


def bad_answer(world: World) -> None:
    world.record.wrong.append("500")


def fell(world: World) -> None:
    world.falls.append("dispatcher-1 ended with status 1")


@pytest.mark.parametrize(
    ("spoil", "noticed"),
    [
        (lost, "what was answered 202 exists"),
        (not_ended, "every job ended"),
        (two_ends, "one terminal event, the last, and one result"),
        (other_end, "one terminal event, the last, and one result"),
        (gap, "numbers 1, 2, 3 … without a gap"),
        (numbers_ahead, "numbers 1, 2, 3 … without a gap"),
        (stale_write, "no event of an attempt after a newer one began"),
        (stale_words, "an attempt's steps are whole, in order and its own"),
        (written_twice, "an attempt's steps are whole, in order and its own"),
        (too_often, "attempts are bounded"),
        (silent_retry, "every retry is said once"),
        (impatient_retry, "a retry waits as long as it said"),
        (stale_result, "results, artifacts and files are of the attempt that won"),
        (stale_artifact, "results, artifacts and files are of the attempt that won"),
        (files_of_the_loser, "results, artifacts and files are of the attempt that won"),
        (two_jobs_of_a_key, "an idempotency key makes one job"),
        (at_the_same_time, "what a session serialises runs one at a time, in order"),
        (overtaken, "a session's jobs have the order in which they were submitted"),
        (too_early, "nothing runs before its time or past its deadline"),
        (too_late, "nothing runs before its time or past its deadline"),
        (wrong_end, "every job ended as its kind must, neighbours of poison too"),
        (seen_but_not_stored, "clients saw nothing that is not stored, to the byte"),
        (seen_twice, "clients saw each number once and in order, to the end"),
        (missed, "clients saw each number once and in order, to the end"),
        (never_closed, "clients saw each number once and in order, to the end"),
        (bad_answer, "no answer that a client should never get"),
        (fell, "no process fell that nobody had pushed"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whatever_is_spoiled_is_noticed(spoil: Callable[[World], None], noticed: str, world: World) -> None:
    spoiled = copy.deepcopy(world)
    spoil(spoiled)
    found = {check.name for check in examine(spoiled) if check.violations}
    assert noticed in found
