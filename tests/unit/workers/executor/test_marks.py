"""Marks are found wherever the stream is cut, and nothing but a mark is taken for one."""

from __future__ import annotations

import itertools

import hypothesis
import hypothesis.strategies as st
import pytest

from workers.executor.marks import BODY_LIMIT, Mark, Marks

NONCE = "0123456789abcdef"
STREAM = (
    f'before[[aci:{NONCE}:begin:7:0]]\n[[aci:{NONCE}:output:0:13]]{{"a": "]]"  }}after [[aci:other:x:1:0]] [['
    f"[[aci:{NONCE}:report:0:2]]{{}}"
)
READ = [
    "before",
    Mark("begin", 7, ""),
    "\n",
    Mark("output", 0, '{"a": "]]"  }'),
    "after [[aci:other:x:1:0]] [[",
    Mark("report", 0, "{}"),
]


def read(pieces: list[str]) -> list[str | Mark]:
    """All of it, neighbouring texts joined."""
    marks = Marks(NONCE)
    found: list[str | Mark] = []
    for piece in [*(part for each in pieces for part in marks.feed(each)), marks.rest()]:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece:
            found.append(piece)
    return found


@hypothesis.given(st.sets(st.integers(1, len(STREAM) - 1)))
def test_marks_are_found_wherever_the_stream_is_cut(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    assert read([STREAM[start:end] for start, end in itertools.pairwise(places)]) == READ


@pytest.mark.parametrize(
    "text",
    [
        f"[[aci:{NONCE}:output:0:{BODY_LIMIT + 1}]]x",
        f"[[aci:{NONCE}:output:-1:0]]",
        f"[[aci:{NONCE}:output:0:999999999999]]",
        f"[[aci:{NONCE}:output]]",
        f"[[aci:{NONCE}:OUTPUT:0:0]]",
        f"[[aci:{NONCE}:output:0:0",
        f"[[aci:{NONCE}:",
        "[[aci:fedcba9876543210:output:0:0]]",
        f"[[aci:{NONCE}:" * 100,
    ],
)
def test_what_is_no_mark_is_text(text: str) -> None:
    assert read([text]) == [text]
    assert read(list(text)) == [text]


def test_a_mark_without_its_end_is_dropped() -> None:
    assert read([f"a[[aci:{NONCE}:output:0:100]]{{"]) == ["a"]
