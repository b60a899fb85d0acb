"""`python -m embedded.within MODULE [ARGUMENT …]`: run a module as the service that runs on this machine would, with
its databases and settings; with one's own environment where that names a database, or where no service runs.

For what an operator asks (`aci settings`, `aci doctor`, `aci admin bootstrap`); not for programs that stay.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded.places import ROOT, Places, home_from


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """What the module is to have in its environment."""
    if given.get("DATABASE_URL"):
        return dict(given)
    places = Places(home_from(dict(given)))
    if not _is_running(places.run / "lock"):
        return dict(given)
    try:
        published: dict[str, str] = json.loads(places.environment.read_text())
    except (OSError, ValueError):
        return dict(given)
    return published


def _is_running(lock: Path) -> bool:
    """Whether somebody holds the home: a file that a killed launcher left behind tells of servers that are gone."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    environment = environment_of(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    os.execve(sys.executable, [sys.executable, "-m", *sys.argv[1:]], environment)  # noqa: S606  (there is no shell)


if __name__ == "__main__":
    main()
