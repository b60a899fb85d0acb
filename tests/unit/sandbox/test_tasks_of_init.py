"""Whose process a process is, to a session's init."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from sandbox.inside.init import belongs, may_be, processes


@pytest.fixture(params=[False, True], ids=["before its setsid", "after it"])
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(["sleep", "1000"], start_new_session=request.param)
    yield started
    started.kill()
    started.wait()


def test_a_task_is_known_from_its_first_moment(process: subprocess.Popen[bytes]) -> None:
    assert belongs(process.pid, {process.pid})
    assert not belongs(process.pid, {1 << 22})


def test_a_task_is_found_while_it_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda _: ["1", "2", "self", "sys"])
    assert processes({7}) == {1, 2, 7}


def test_one_that_is_gone_when_it_is_looked_at_is_not_taken_for_nothing(process: subprocess.Popen[bytes]) -> None:
    """It may have fled by a fork and an exit, and its child has not been seen yet."""
    assert not may_be(process.pid, lambda pid: not belongs(pid, {process.pid}))
    process.kill()
    process.wait()
    assert may_be(process.pid, lambda pid: not belongs(pid, {1}))
