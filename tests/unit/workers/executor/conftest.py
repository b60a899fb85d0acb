"""Interpreters with the harness in them, one of each kind for a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness_rig import Interpreter, interpreter_of


@pytest.fixture(scope="module", params=["bare", "packages", "shell"])
def interpreter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    started = interpreter_of(request.param, tmp_path_factory.mktemp("harness"))
    yield started
    started.close()


@pytest.fixture(scope="module", params=["packages", "shell"])
def rich(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    """With pandas and matplotlib."""
    started = interpreter_of(request.param, tmp_path_factory.mktemp("harness"))
    yield started
    started.close()
