"""Whose process a process is, to a session's init."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from sandbox.inside.init import belongs


@pytest.fixture(params=[False, True], ids=["before its setsid", "after it"])
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(["sleep", "1000"], start_new_session=request.param)
    yield started
    started.kill()
    started.wait()


def test_a_task_is_known_from_its_first_moment(process: subprocess.Popen[bytes]) -> None:
    assert belongs(process.pid, {process.pid})
    assert not belongs(process.pid, {1 << 22})
