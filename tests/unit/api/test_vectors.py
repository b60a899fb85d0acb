"""A vector says exactly how far a reader has come, however it came there, and is short in the cases that happen."""

from __future__ import annotations

import base64
import contextlib
import random
import zlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.hub.vector import NotAVector, Vector

SESSION = UUID(int=7)
OTHER = UUID(int=8)

STEPS = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 5)) | st.integers(1, 12).map(lambda arrival: (arrival, 0)),
    max_size=60,
)
"""Numbers that were given of jobs; 0 finishes a job."""


def walked(steps: list[tuple[int, int]]) -> tuple[Vector, dict[int, int], set[int]]:
    """A vector after some steps, and the same told plainly."""
    vector, seen, over = Vector(), dict[int, int](), set[int]()
    for arrival, seq in steps:
        if seq:
            vector[arrival] = seq
            if arrival > vector.done:
                seen[arrival] = seq
        else:
            vector.finish(arrival)
            over.add(arrival)
    return vector, seen, over


@given(steps=STEPS)
def test_it_is_what_was_put_into_it(steps: list[tuple[int, int]]) -> None:
    vector, seen, over = walked(steps)
    done = next(arrival for arrival in range(14) if arrival + 1 not in over)
    assert vector.done == done
    for arrival in range(done + 1, 15):
        assert vector[arrival] == seen.get(arrival, 0)


@given(steps=STEPS)
def test_it_is_read_as_it_was_written(steps: list[tuple[int, int]]) -> None:
    vector, _, _ = walked(steps)
    text = vector.written(SESSION)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    again = Vector.read(text, SESSION)
    assert again.done == vector.done
    assert [again[arrival] for arrival in range(vector.done + 1, 15)] == [
        vector[arrival] for arrival in range(vector.done + 1, 15)
    ]
    assert again.written(SESSION) == text
    with pytest.raises(NotAVector):
        Vector.read(text, OTHER)


@given(steps=STEPS, raw=st.binary(max_size=60), text=st.text(max_size=40))
def test_whatever_is_read_is_a_vector_or_refused(steps: list[tuple[int, int]], raw: bytes, text: str) -> None:
    good = walked(steps)[0].written(SESSION)
    cut = good[: len(good) // 2]
    noise = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    for one in (text, noise, cut, good + "A", good.swapcase()):
        with contextlib.suppress(NotAVector):
            assert Vector.read(one, SESSION).done >= 0


def test_what_unpacks_to_very_much_is_refused() -> None:
    body = b"\x01" + zlib.compress(b"\x01" * 10_000_000)
    checked = zlib.crc32(SESSION.bytes + body).to_bytes(4, "big") + body
    with pytest.raises(NotAVector):
        Vector.read(base64.urlsafe_b64encode(checked).decode().rstrip("="), SESSION)


def test_thousands_of_jobs_that_ended_or_wait_are_a_few_characters() -> None:
    vector = Vector()
    for arrival in range(1, 10_001):
        vector[arrival] = 1
    for arrival in range(1, 5_001):
        vector.finish(arrival)
    vector[5001] = 123_456
    assert vector.done == 5000
    assert len(vector.written(SESSION)) < 30


def test_jobs_that_ended_in_no_order_still_fit_a_header() -> None:
    """The worst there is: behind one that runs, thousands that wait or were cancelled, as if by chance."""
    chance = random.Random(1)
    vector = Vector()
    for arrival in range(2, 10_000):
        vector[arrival] = chance.choice([1, 2])
    text = vector.written(SESSION)
    assert len(text) < 8000
    assert Vector.read(text, SESSION)[5000] == vector[5000]
