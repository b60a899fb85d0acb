"""Agents of installed packages: found by themselves, looked at closely, and refused without harm to any other."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict

from core.agents import execute
from core.agents.installed import GROUP, Refusal, Unusable, checked
from core.agents.registry import BUILT_IN, Found, agents, by_name, found, pool_agents, pools, tell_refusals
from core.agents.spec import PLUGINS, AgentSpec, Input, Result
from core.jobs.states import Lane
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
ECHO = """
from core.agents.execute import SPEC as execute
from dataclasses import replace
spec = replace(execute, name="echo", pool="plugins")
"""


def installed(folder: Path, name: str, source: str, monkeypatch: pytest.MonkeyPatch, entry: str = "spec") -> None:
    """A package as pip leaves it, with one entry point."""
    (folder / f"{name}.py").write_text(source)
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}:{entry}\n")
    monkeypatch.syspath_prepend(str(folder))


def fresh() -> Found:
    """What a process that starts now would find."""
    there: Found = found.__wrapped__()
    return there


def test_the_built_in_agents_are_there() -> None:
    assert {spec.name for spec in BUILT_IN} <= set(agents())
    assert [spec.name for spec in pool_agents("execute")] == ["execute"]
    assert set(pools()) == {spec.pool for spec in agents().values()}
    assert agents()["execute"].queue(Lane.BATCH) == "execute.batch"


def test_every_agents_input_refuses_what_it_does_not_know() -> None:
    assert {spec.input_model.model_config.get("extra") for spec in agents().values()} == {"forbid"}


def test_the_built_in_ones_are_such_as_packages_may_bring() -> None:
    assert [checked(spec) for spec in BUILT_IN] == list(BUILT_IN)


def test_a_package_from_outside_adds_an_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "outside_good", ECHO, monkeypatch)
    there = fresh()
    assert there.agents["echo"].pool == PLUGINS
    assert there.packages == {"echo": "outside_good 1.0"}
    assert there.refused == ()


def test_an_operator_may_do_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "outside_unwanted", ECHO, monkeypatch)
    monkeypatch.setenv("ACI_PLUGINS", "false")
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: cls()))
    assert "echo" not in fresh().agents


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import not_there_at_all", "can't be imported (ModuleNotFoundError)"),
        ("raise SystemExit('secret words')", "can't be imported (SystemExit)"),
        ("other = 1", "can't be imported (AttributeError)"),
        ("spec = object()", "no AgentSpec but a object"),
        ("from core.agents.execute import SPEC as spec", "the pool 'execute' is the service's own"),
        (ECHO.replace('"echo"', '"generate"'), "the name 'generate' is that of an agent of the service"),
    ],
)
def test_a_wrong_package_is_refused_by_name_and_the_others_go_on(
    source: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    installed(tmp_path, "outside_wrong", source, monkeypatch)
    monkeypatch.delitem(sys.modules, "outside_wrong", raising=False)
    (tmp_path / "beside").mkdir()
    installed(tmp_path / "beside", "outside_well", ECHO, monkeypatch)
    there = fresh()
    assert set(there.agents) == {spec.name for spec in BUILT_IN} | {"echo"}
    [refusal] = there.refused
    assert refusal.package == "outside_wrong 1.0"
    assert said in refusal.reason
    assert "secret" not in str(refusal)
    monkeypatch.setattr("core.agents.registry.found", lambda: there)
    with caplog.at_level(logging.ERROR):
        tell_refusals()
    assert "outside_wrong 1.0" in caplog.text


def test_of_two_packages_with_one_name_the_first_by_its_own_name_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("outside_b", "outside_a", "outside_c"):
        (tmp_path / name).mkdir()
        installed(tmp_path / name, name, ECHO, monkeypatch)
    there = fresh()
    assert there.packages == {"echo": "outside_a 1.0"}
    assert [refusal.package for refusal in there.refused] == ["outside_b 1.0", "outside_c 1.0"]
    assert "taken by outside_a 1.0" in there.refused[0].reason


class Loose(Input):
    model_config = ConfigDict(extra="ignore")


class Shapeless(Input):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: logging.Logger


class Unshowable(Result):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: logging.Logger


GOOD = replace(execute.SPEC, name="echo", pool=PLUGINS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Echo"}, "its name 'Echo'"),
        ({"name": "echo.batch"}, "its name"),
        ({"name": "a" * 41}, "its name"),
        ({"pool": "../x"}, "its pool"),
        ({"title": " "}, "has no title"),
        ({"description": ""}, "has no description"),
        ({"holds": 3}, "`holds`"),
        ({"timeout_s": float("nan")}, "`timeout_s`"),
        ({"timeout_s": 0}, "`timeout_s`"),
        ({"runner": "no path"}, "no dotted path"),
        ({"runner": "not_there_at_all.runner:run"}, "no module 'not_there_at_all.runner'"),
        ({"input_model": dict}, "input model is no subclass of Input"),
        ({"input_model": Loose}, "takes fields that it does not know"),
        ({"input_model": Shapeless}, "input model has no JSON schema"),
        ({"result_model": Unshowable}, "result model has no JSON schema"),
    ],
)
def test_what_can_not_be_an_agent_is_told_apart(change: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable, match=said.replace("(", r"\(")):
        checked(replace(GOOD, **change))


def test_a_refusal_names_package_and_entry_point() -> None:
    said = str(Refusal("some-package 2.0", "echo = some:spec", "it is no AgentSpec but a int."))
    assert "some-package 2.0" in said
    assert "echo = some:spec" in said


def test_the_program_that_lists_agents_says_which_pools_there_are() -> None:
    done = subprocess.run([sys.executable, "-m", "core.agents"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["agent"]: one["pool"] for one in listed} == {spec.name: spec.pool for spec in BUILT_IN}


def test_agents_of_one_name_in_the_settings_keep_the_service_from_starting() -> None:
    with pytest.raises(ValueError, match="'echo'"):
        by_name([GOOD, GOOD])


def test_a_spec_needs_no_pool_nor_limits_of_its_own() -> None:
    spec = AgentSpec("a", "A", "An agent.", GOOD.input_model, GOOD.result_model, GOOD.runner)
    assert checked(spec).pool == PLUGINS
