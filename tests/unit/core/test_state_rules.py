"""What becomes of a job whose attempt broke off, rule by rule."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events.log import TERMINAL_TYPES
from core.jobs.states import FIRST_DELAY, LONGEST_DELAY, BrokenOff, State, after_break, retry_delay

PLAIN = BrokenOff(attempts_spent=1, max_attempts=3, cancel_requested=False, past_deadline=False)


def test_a_job_with_attempts_left_is_tried_again() -> None:
    assert after_break(PLAIN) is State.QUEUED
    assert after_break(replace(PLAIN, attempts_spent=2)) is State.QUEUED


@pytest.mark.parametrize("spent", [3, 4])
def test_a_job_without_attempts_left_fails(spent: int) -> None:
    assert after_break(replace(PLAIN, attempts_spent=spent)) is State.FAILED


def test_a_job_past_its_deadline_expires() -> None:
    assert after_break(replace(PLAIN, past_deadline=True)) is State.EXPIRED


def test_a_job_that_was_to_be_cancelled_is() -> None:
    assert after_break(replace(PLAIN, cancel_requested=True)) is State.CANCELLED


def test_the_cancel_outweighs_the_deadline_and_the_deadline_the_count() -> None:
    worst = BrokenOff(attempts_spent=3, max_attempts=3, cancel_requested=True, past_deadline=True)
    assert after_break(worst) is State.CANCELLED
    assert after_break(replace(worst, cancel_requested=False)) is State.EXPIRED


@given(st.integers(1, 40), st.randoms())
def test_a_delay_lies_between_half_and_one_and_a_half_of_its_base(spent: int, chance: random.Random) -> None:
    base = min(FIRST_DELAY * 2 ** (spent - 1), LONGEST_DELAY)
    assert base * 0.5 <= retry_delay(spent, chance) <= base * 1.5


def test_delays_grow_to_a_limit() -> None:
    class Middle(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return (a + b) / 2

    delays = [retry_delay(spent, Middle()) for spent in range(1, 12)]
    assert delays[:4] == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert delays[-1] == LONGEST_DELAY


def test_jobs_lost_together_come_back_apart() -> None:
    assert len({retry_delay(1) for _ in range(50)}) > 40


def test_every_terminal_state_has_its_event_and_no_other_has_one() -> None:
    assert {state for state in State if state.terminal} == set(State) - {State.QUEUED, State.RUNNING}
    assert {f"job.{state}" for state in State if state.terminal} == TERMINAL_TYPES
