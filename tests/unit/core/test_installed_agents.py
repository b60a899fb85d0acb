"""Agents come from the service and from installed packages, and no two have one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.agents.registry import agents, pool_agents, pools
from core.agents.spec import AgentSpec
from core.jobs.states import Lane

PACKAGE = """
from core.agents.execute import SPEC as execute
from dataclasses import replace
spec = replace(execute, name="echo", pool="plugins")
twin = replace(execute, pool="plugins")
nothing = object()
"""


def installed(folder: Path, name: str, object_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package as pip leaves it, with one entry point."""
    (folder / f"{name}.py").write_text(PACKAGE)
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[aci.agents]\n{name} = {name}:{object_}\n")
    monkeypatch.syspath_prepend(str(folder))


def fresh() -> dict[str, AgentSpec]:
    """What a process that starts now would find."""
    found: dict[str, AgentSpec] = agents.__wrapped__()
    return found


def test_the_built_in_agents_are_there() -> None:
    assert {"generate", "execute"} <= set(agents())
    assert [spec.name for spec in pool_agents("execute")] == ["execute"]
    assert set(pools()) == {spec.pool for spec in agents().values()}
    assert agents()["execute"].queue(Lane.BATCH) == "execute.batch"


def test_every_agents_input_refuses_what_it_does_not_know() -> None:
    assert {spec.input_model.model_config.get("extra") for spec in agents().values()} == {"forbid"}


def test_a_package_from_outside_adds_an_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "outside_good", "spec", monkeypatch)
    assert fresh()["echo"].pool == "plugins"


def test_two_agents_of_one_name_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "outside_twin", "twin", monkeypatch)
    with pytest.raises(ValueError, match="'execute'"):
        fresh()


def test_an_entry_point_that_is_no_agent_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "outside_wrong", "nothing", monkeypatch)
    with pytest.raises(TypeError, match="outside_wrong"):
        fresh()
