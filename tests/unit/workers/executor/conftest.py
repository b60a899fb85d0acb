"""Interpreters with the harness in them, one of each kind for a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from harness_rig import Interpreter, interpreter_of


@pytest.fixture(scope="module")
def interpreters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Interpreter]]:
    """The one of a kind, started when it is first asked for."""
    started: dict[str, Interpreter] = {}

    def of(kind: str) -> Interpreter:
        if kind not in started:
            started[kind] = interpreter_of(kind, tmp_path_factory.mktemp("harness"))
        return started[kind]

    yield of
    for one in started.values():
        one.close()


@pytest.fixture(scope="module", params=["bare", "packages", "shell"])
def interpreter(request: pytest.FixtureRequest, interpreters: Callable[[str], Interpreter]) -> Interpreter:
    return interpreters(request.param)


@pytest.fixture(scope="module", params=["packages", "shell"])
def rich(request: pytest.FixtureRequest, interpreters: Callable[[str], Interpreter]) -> Interpreter:
    """With pandas and matplotlib."""
    return interpreters(request.param)
