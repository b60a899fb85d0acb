"""Who is a server's family, whose every member is killed with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.children import descendants

FAMILY = 'sleep 600 & sh -c "sleep 600 & echo there; wait" & wait'


@pytest.fixture
def parent() -> Iterator[psutil.Process]:
    with subprocess.Popen(["sh", "-c", FAMILY], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
        yield parent
        for member in family:
            member.kill()


def test_children_and_theirs_are_found(parent: psutil.Process) -> None:
    found = descendants(parent)
    assert len(found) == 3
    assert set(found) == set(parent.children(recursive=True))


def test_they_are_found_where_the_kernel_does_not_tell(parent: psutil.Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([Path("/nonexistent")]))
    assert set(descendants(parent)) == set(parent.children(recursive=True))


def test_who_has_ended_has_none() -> None:
    process = subprocess.Popen(["true"])
    ended = psutil.Process(process.pid)
    process.wait()
    with pytest.raises(psutil.NoSuchProcess):
        descendants(ended)
