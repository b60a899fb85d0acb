"""Where agents come from, and what keeps a service with a wrong one from starting."""

from __future__ import annotations

import pytest

from core.agents import execute, generate
from core.agents.registry import BUILT_IN, by_name, named
from core.settings import Settings


def test_the_setting_names_agents_by_dotted_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_AGENTS", "core.agents.execute:SPEC, core.agents.generate:SPEC")
    assert named(Settings().agents) == [execute.SPEC, generate.SPEC]


def test_without_it_there_are_the_built_in_ones_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACI_AGENTS", raising=False)
    assert named(Settings().agents) == []
    assert set(by_name(BUILT_IN)) == {"generate", "execute", "solve"}


def test_two_agents_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="'execute'"):
        by_name([*BUILT_IN, execute.SPEC])


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("core.agents.execute:ExecuteInput", TypeError),
        ("core.agents.execute:NOTHING", AttributeError),
        ("core.agents.nowhere:SPEC", ImportError),
        ("not a path", ValueError),
    ],
)
def test_what_is_no_agent_is_an_error(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        named([path])
