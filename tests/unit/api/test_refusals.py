"""Refused credentials are told of: soon, seldom, counted, and by nothing of what came."""

from __future__ import annotations

import pytest

from api.access.refusals import EVERY_S, Refusals


def test_one_line_at_once_and_then_one_for_all_that_came_meanwhile(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    refusals = Refusals(lambda: now)
    refusals.note("unknown key", "192.0.2.1")
    assert len(caplog.records) == 1
    for _ in range(998):
        refusals.note("unknown key", "192.0.2.1")
    refusals.note("malformed", "192.0.2.2")
    assert len(caplog.records) == 1
    now += EVERY_S
    refusals.note("malformed", "192.0.2.3")
    assert [record.getMessage() for record in caplog.records] == [
        "Refused credentials: 1 × unknown key. The newest came from 192.0.2.1.",
        "Refused credentials: 2 × malformed, 998 × unknown key. The newest came from 192.0.2.3.",
    ]


def test_what_was_not_told_is_told_at_the_end_and_once(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals(lambda: 1.0)
    refusals.note("malformed", "192.0.2.1")
    refusals.note("malformed", "192.0.2.1")
    refusals.tell()
    refusals.tell()
    assert len(caplog.records) == 2
