"""When a model is asked in its turn, and when others are asked first."""

from __future__ import annotations

import pytest

from workers.models.circuits import FIRST_LASTING_S, FIRST_S, IN_A_ROW, LONGEST_S, Circuits
from workers.models.faults import Kind, fault

A = "bedrock:a"


class Clock:
    """A clock that moves when told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def circuits(clock):
    return Circuits(clock=clock)


def state(circuits):
    return circuits.view(A)["state"]


def opened(circuits, kind=Kind.DENIED):
    circuits.failed(A, fault(kind))
    assert state(circuits) == "open"


def test_a_model_that_never_failed_is_asked(circuits):
    assert circuits.closed_to(A) is None
    assert circuits.view(A) == {"state": "closed", "last_error": None}


@pytest.mark.parametrize("kind", [Kind.DENIED, Kind.CREDENTIALS, Kind.GONE, Kind.UNKNOWN, Kind.SETUP])
def test_what_does_not_pass_by_itself_opens_at_once(circuits, kind):
    circuits.failed(A, fault(kind))
    assert circuits.closed_to(A).kind is kind


@pytest.mark.parametrize("kind", [Kind.THROTTLED, Kind.TIMEOUT, Kind.CONNECTION, Kind.UNAVAILABLE, Kind.BROKEN_OFF])
def test_what_may_pass_opens_after_some_in_a_row(circuits, kind):
    for _ in range(IN_A_ROW - 1):
        circuits.failed(A, fault(kind))
        assert circuits.closed_to(A) is None
    circuits.failed(A, fault(kind))
    assert circuits.closed_to(A) is not None


def test_an_answer_in_between_begins_the_count_anew(circuits):
    for _ in range(2 * IN_A_ROW):
        circuits.failed(A, fault(Kind.THROTTLED))
        circuits.succeeded(A)
    assert state(circuits) == "closed"


@pytest.mark.parametrize("kind", [Kind.TOO_LONG, Kind.REJECTED])
def test_a_question_that_cannot_be_answered_says_nothing_of_the_model(circuits, kind):
    for _ in range(2 * IN_A_ROW):
        circuits.failed(A, fault(kind))
    assert state(circuits) == "closed"
    assert circuits.view(A)["last_error"]["kind"] == kind


def test_after_its_time_one_question_alone_tries_it(circuits, clock):
    opened(circuits)
    clock.now += FIRST_LASTING_S - 1
    assert circuits.closed_to(A) is not None
    clock.now += 1
    assert state(circuits) == "half-open"
    assert circuits.closed_to(A) is None
    assert circuits.closed_to(A) is not None
    circuits.succeeded(A)
    assert state(circuits) == "closed"


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_bound(circuits, clock):
    opened(circuits)
    expected = FIRST_LASTING_S
    for _ in range(6):
        clock.now += expected
        assert circuits.closed_to(A) is None
        circuits.failed(A, fault(Kind.THROTTLED))
        expected = min(2 * expected, LONGEST_S)
        clock.now += expected - 1
        assert state(circuits) == "open"
        clock.now += 1
        assert state(circuits) == "half-open"
        clock.now -= expected


def test_a_probe_that_was_stopped_leaves_room_for_another(circuits, clock):
    opened(circuits)
    clock.now += FIRST_LASTING_S
    assert circuits.closed_to(A) is None
    circuits.let_go(A)
    assert circuits.closed_to(A) is None


def test_failures_of_answers_that_were_under_way_do_not_open_it_for_longer(circuits, clock):
    opened(circuits)
    clock.now += 1
    for _ in range(20):
        circuits.failed(A, fault(Kind.DENIED))
    clock.now += FIRST_LASTING_S - 1
    assert state(circuits) == "half-open"


def test_others_are_told_once_when_it_opens_and_when_it_closes(circuits, clock):
    told = []
    circuits.on_open = lambda name, circuit: told.append(("open", name, circuit.last.kind))
    circuits.on_close = lambda name: told.append(("close", name))
    circuits.failed(A, fault(Kind.DENIED))
    circuits.failed(A, fault(Kind.DENIED))
    clock.now += FIRST_LASTING_S
    circuits.closed_to(A)
    circuits.succeeded(A)
    circuits.succeeded(A)
    assert told == [("open", A, Kind.DENIED), ("close", A)]


def test_what_another_process_found_holds_here_for_as_long(circuits, clock):
    circuits.adopt({A: (fault(Kind.THROTTLED), 7.0)}, [A])
    assert circuits.closed_to(A).kind is Kind.THROTTLED
    clock.now += 7
    assert circuits.closed_to(A) is None


def test_what_another_process_took_back_is_taken_back_here(circuits):
    circuits.adopt({A: (fault(Kind.THROTTLED), FIRST_S)}, [A])
    circuits.adopt({}, [A])
    assert circuits.closed_to(A) is None


def test_what_this_process_found_itself_stays_though_others_know_nothing_of_it(circuits):
    opened(circuits)
    circuits.adopt({}, [A])
    assert state(circuits) == "open"


def test_the_last_error_says_what_and_when_and_what_to_do(circuits):
    opened(circuits)
    error = circuits.view(A)["last_error"]
    assert error["reason"] == "access to it is denied"
    assert error["advice"]
    assert error["at"].endswith("Z")
