"""What a program prints is passed on and kept within limits, and it is said where it was cut."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.settings import Settings
from workers.executor.agentcore import Frame
from workers.executor.marks import Mark
from workers.executor.output import CUT, Kept, Output

Said = list[tuple[str, str]]


def output(stream: int = 100, result: int = 10) -> tuple[Output, Said]:
    said: Said = []
    settings = Settings(event_text_limit=stream, result_text_limit=result)
    context: Any = SimpleNamespace(settings=settings, emit=lambda type_, text: said.append((type_, text)))
    return Output(context, "n0nce"), said


def frame(stdout: str = "", stderr: str = "", ended: str | None = None) -> Frame:
    return Frame(stdout, stderr, False, [], ended)


def test_both_streams_are_passed_on_and_kept_apart() -> None:
    taken, said = output()
    list(taken.take(frame("a")))
    list(taken.take(frame("b", "e")))
    list(taken.take(frame()))
    assert said == [("stdout", "a"), ("stdout", "b"), ("stderr", "e")]
    assert (taken.stdout.text, taken.stderr.text, taken.truncated) == ("ab", "e", False)


@pytest.mark.parametrize("pieces", [["x" * 150], ["x" * 60, "x" * 90], ["x" * 100, "x"], ["x" * 99, "xx", "x"]])
def test_the_stream_is_cut_at_its_limit_and_says_so_once(pieces: list[str]) -> None:
    taken, said = output(stream=100, result=1000)
    for piece in pieces:
        list(taken.take(frame(piece)))
    assert "".join(text for type_, text in said if type_ == "stdout") == "x" * 100
    assert [text for type_, text in said if type_ == "stderr"] == [CUT]
    assert taken.truncated


def test_exactly_the_limit_is_not_cut() -> None:
    taken, said = output(stream=10, result=10)
    list(taken.take(frame("x" * 10)))
    assert said == [("stdout", "x" * 10)]
    assert not taken.truncated


def test_both_streams_share_the_streams_limit() -> None:
    taken, said = output(stream=10)
    list(taken.take(frame("x" * 8, "e" * 8)))
    assert said == [("stdout", "x" * 8), ("stderr", "e" * 2), ("stderr", CUT)]


@pytest.mark.parametrize("pieces", [["x" * 15], ["x" * 9, "xx"], ["x" * 10, "x", "x"]])
def test_the_result_keeps_the_beginning(pieces: list[str]) -> None:
    kept = Kept(10)
    for piece in pieces:
        kept.add(piece)
    assert kept.text == "x" * 10 + CUT
    assert kept.cut


def test_why_the_server_ended_the_run_is_kept() -> None:
    taken, _ = output()
    list(taken.take(frame(ended="memory-limit")))
    list(taken.take(frame("rest")))
    assert taken.ended == "memory-limit"


def test_a_mark_is_handed_over_where_it_stands_and_not_printed() -> None:
    taken, said = output()
    marks = []
    for mark in taken.take(frame("one [[aci:n0nce:output:3:2]]{} two", "err")):
        marks.append((mark, taken.stdout.size))
    assert marks == [(Mark("output", 3, "{}"), 4)]
    assert said == [("stdout", "one "), ("stdout", " two"), ("stderr", "err")]


def test_what_only_begins_like_a_mark_is_printed_in_the_end() -> None:
    taken, _ = output()
    list(taken.take(frame("x[[aci:n0")))
    assert taken.stdout.text == "x"
    assert list(taken.finish()) == []
    assert taken.stdout.text == "x[[aci:n0"


TURN = "[[aci:n0nce:turn:{}:0]]"
OUT = f"one\n{TURN.format(1)}{TURN.format(2)}three\n{TURN.format(3)}"
ERR = f"{TURN.format(1)}two\n{TURN.format(2)}{TURN.format(3)}four\n"
IN_ORDER = [("stdout", "one\n"), ("stderr", "two\n"), ("stdout", "three\n"), ("stderr", "four\n")]


def joined(said: Said) -> Said:
    found: Said = []
    for stream, text in said:
        if found and found[-1][0] == stream:
            found[-1] = (stream, found[-1][1] + text)
        else:
            found.append((stream, text))
    return found


@pytest.mark.parametrize(
    "frames",
    [
        [(OUT, ERR)],
        [(OUT, ""), ("", ERR)],
        [("", ERR), (OUT, "")],
        [(OUT[:30], ""), (OUT[30:], ERR[:40]), ("", ERR[40:])],
        [*((letter, "") for letter in OUT), *(("", letter) for letter in ERR)],
        [*(("", letter) for letter in ERR), *((letter, "") for letter in OUT)],
    ],
    ids=["at once", "out first", "err first", "in parts", "by letters", "by letters, err first"],
)
def test_both_streams_come_in_the_order_in_which_they_were_written(frames: list[tuple[str, str]]) -> None:
    taken, said = output(stream=1000, result=1000)
    for out, err in frames:
        assert list(taken.take(frame(out, err))) == []
    assert list(taken.finish()) == []
    assert joined(said) == IN_ORDER


def test_a_turn_that_only_one_stream_tells_of_holds_nothing_back_for_good() -> None:
    taken, said = output(stream=1000)
    list(taken.take(frame(f"a{TURN.format(7)}b", "e")))
    assert joined(said) == [("stdout", "a"), ("stderr", "e")]
    list(taken.finish())
    assert joined(said) == [("stdout", "a"), ("stderr", "e"), ("stdout", "b")]


def test_an_output_waits_for_what_was_printed_before_it() -> None:
    taken, said = output(stream=1000)
    assert list(taken.take(frame(f"{TURN.format(1)}{TURN.format(2)}[[aci:n0nce:output:0:0]]"))) == []
    marks = [(mark.kind, list(said)) for mark in taken.take(frame("", f"{TURN.format(1)}e{TURN.format(2)}"))]
    assert marks == [("output", [("stderr", "e")])]
