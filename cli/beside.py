"""Commands that need the machine of the service, and not its API: they are programs of the service, run as such.

`aci` imports nothing of the service, so that it can be installed alone. Where the service is installed beside it, its
own programs answer, each in its own process: its settings (`python -m core.operating settings`), its checks
(`… doctor`), and the first admin's key (`python -m api.access.bootstrap`), which needs the database, there being nobody
yet who could ask over HTTP.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cli.errors import CommandError

WITHIN = "embedded.within"
"""Finds the databases of a service that `make run` started; not everywhere that the service is installed."""


def service_folder() -> Path | None:
    """Where the service's packages are; None where they are not installed. Imports nothing."""
    found = importlib.util.find_spec("core")
    places = [] if found is None else list(found.submodule_search_locations or ())
    folder = Path(places[0]).parent if places else None
    return folder if folder is not None and (folder / "core" / "settings.py").is_file() else None


def program(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of the service, in the environment of the service. Raises CommandError."""
    folder = service_folder()
    if folder is None:
        raise CommandError(
            f"This has to be asked where the service is installed, and beside this {sys.executable} it is not. "
            "In containers: `docker compose exec api aci-start python -m cli …`."
        )
    within = [WITHIN] if (folder / "embedded" / "within.py").is_file() else []
    return [sys.executable, "-m", *within, module, *arguments]


def run(module: str, *arguments: str) -> int:
    """Run it in place of this command: its output is the command's, its exit status is returned."""
    return ran(module, *arguments).returncode


def printed(module: str, *arguments: str) -> tuple[int, str]:
    """Its exit status, and what it prints; what it says of errors goes where ours do."""
    done = ran(module, *arguments, stdout=subprocess.PIPE)
    return done.returncode, done.stdout.strip()


def answer(module: str, *arguments: str) -> Any:
    """What it prints as JSON. Raises CommandError."""
    done = ran(module, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        return json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines()
        raise CommandError(f"`python -m {module}` failed: {said[-1] if said else 'it said nothing'}") from None


def ran(
    module: str, *arguments: str, stdout: int | None = None, stderr: int | None = None
) -> subprocess.CompletedProcess[str]:
    """A module of the service, run to its end; what it prints goes where ours does, or is held. Raises CommandError."""
    command = program(module, *arguments)
    return subprocess.run(command, check=False, stdout=stdout, stderr=stderr, text=True, env=_environment())


def _environment() -> dict[str, str]:
    folder = service_folder()
    path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
