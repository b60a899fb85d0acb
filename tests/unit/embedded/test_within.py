"""An operator's program finds the databases of the service that runs here, and no others."""

from __future__ import annotations

import json
import os
from pathlib import Path

from embedded import within
from embedded.places import Places, exclusive, published_environment

RUNNING = {"DATABASE_URL": "postgresql://aci:drawn@/aci", "ACI_PORT": "8001"}


def places(home: Path) -> Places:
    found = Places(home)
    found.prepare()
    return found


def test_the_running_services_environment_is_taken(tmp_path: Path) -> None:
    home = places(tmp_path)
    with exclusive(home), published_environment(home, RUNNING):
        assert home.environment.stat().st_mode & 0o777 == 0o600
        assert within.environment_of({"ACI_HOME": str(tmp_path), "PATH": "/bin"}) == RUNNING
    assert not home.environment.exists()


def test_ones_own_database_counts_before_it(tmp_path: Path) -> None:
    home, mine = places(tmp_path), {"ACI_HOME": str(tmp_path), "DATABASE_URL": "postgresql:///mine"}
    with exclusive(home), published_environment(home, RUNNING):
        assert within.environment_of(mine) == mine


def test_what_a_killed_start_left_behind_is_not_believed(tmp_path: Path) -> None:
    home, mine = places(tmp_path), {"ACI_HOME": str(tmp_path)}
    home.environment.write_text(json.dumps(RUNNING))
    (home.run / "lock").touch()
    assert within.environment_of(mine) == mine


def test_without_a_home_ones_own_environment_is_taken(tmp_path: Path) -> None:
    mine = {"ACI_HOME": str(tmp_path / "none")}
    assert within.environment_of(mine) == mine


def test_looking_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    home = places(tmp_path)
    (home.run / "lock").touch()
    within.environment_of({"ACI_HOME": str(tmp_path)})
    with exclusive(home):
        assert (home.run / "lock").read_text() == str(os.getpid())
