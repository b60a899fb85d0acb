"""Workers that the embedded start adds for installed agents, and leaves out without any."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from embedded import plugins
from embedded.plugins import Plugins, installed, told, with_workers
from embedded.procfile import Process, read

ROOT = Path(__file__).resolve().parents[3]
PROCFILE = read(ROOT / "Procfile")


def names(processes: list[Process]) -> set[str]:
    return {process.name for process in processes}


def test_without_plugins_nobody_is_asked_and_no_worker_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "ASKING", ("-c", "raise SystemExit(1)"))
    found = installed({})
    assert found == Plugins()
    assert names(PROCFILE) - names(with_workers(PROCFILE, found.pools)) == {"worker-plugins"}


def test_pools_that_no_line_serves_get_a_worker() -> None:
    processes = with_workers(PROCFILE, frozenset({"generate", "execute", "solve", "plugins", "own"}))
    assert names(processes) == names(PROCFILE) | {"worker-own"}
    assert processes[-1].words == ("python", "-m", "workers", "--pool", "own")


def test_a_procfile_without_workers_stays_as_it_is() -> None:
    alone = [Process("api", ("python", "-m", "api"))]
    assert with_workers(alone, frozenset({"own"})) == alone


def test_what_the_service_says_of_its_agents_is_understood() -> None:
    lines = [
        json.dumps({"agent": "execute", "pool": "execute", "package": None}),
        json.dumps({"agent": "echo", "pool": "own", "package": "echo 1.0"}),
        json.dumps({"refused": "bad 1.0", "entry": "x = bad:spec", "reason": "it can't be imported."}),
    ]
    assert told(lines) == Plugins(
        frozenset({"execute", "own"}), ("Refused: the package bad 1.0; it can't be imported.",)
    )


def test_the_service_is_asked_where_agents_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    found = installed({"PATH": str(Path(sys.executable).parent), "ACI_AGENTS": "tests.chaos.agents:STEPS"})
    assert "steps" in found.pools
    assert found.problems == ()


def test_who_can_not_be_asked_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "ASKING", ("-c", "print('no JSON')"))
    assert "can't be found out" in installed({"ACI_AGENTS": "x"}).problems[0]
