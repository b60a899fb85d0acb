"""Whose process a process is, to a session's init."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from sandbox.inside.init import belongs, processes


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
