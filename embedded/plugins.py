"""Which workers the agents of installed packages need beyond those that the Procfile names.

The service's own program is asked; and only where some package has an agent at all, for asking takes most of a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from embedded.places import ROOT
from embedded.procfile import Process

GROUP = "aci.agents"
POOL = "plugins"
ASKING_TAKES_S = 30.0
ASKING = ("-m", "core.agents")


@dataclass(frozen=True)
class Plugins:
    """What packages brought."""

    pools: frozenset[str] = frozenset()
    """All pools that have agents, the service's own among them."""
    problems: tuple[str, ...] = ()
    """What was refused, a sentence each."""


def installed(environment: Mapping[str, str]) -> Plugins:
    """What there is in this environment. Never raises: whoever can't be asked is told of and left out."""
    if not entry_points(group=GROUP) and not environment.get("ACI_AGENTS"):
        return Plugins()
    try:
        asked = subprocess.run(
            [sys.executable, *ASKING],
            env=dict(environment),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=ASKING_TAKES_S,
        )
        return told(asked.stdout.splitlines())
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        return Plugins(problems=(f"Which agents are installed can't be found out ({type(error).__name__}).",))


def told(lines: Iterable[str]) -> Plugins:
    """What the lines of `python -m core.agents` say."""
    found = [json.loads(line) for line in lines]
    return Plugins(
        frozenset(one["pool"] for one in found if "agent" in one),
        tuple(f"Refused: the package {one['refused']}; {one['reason']}" for one in found if "refused" in one),
    )


def with_workers(processes: Sequence[Process], pools: frozenset[str]) -> list[Process]:
    """The Procfile's processes, with a worker for each pool that none of them serves, and without the one for plugins
    where there is none. A Procfile without workers is left as it is: they run elsewhere.
    """
    served = {pool for process in processes if (pool := _pool(process)) is not None}
    if not served:
        return list(processes)
    kept = [process for process in processes if _pool(process) != POOL or POOL in pools]
    words = ("python", "-m", "workers", "--pool")
    return kept + [Process(f"worker-{pool}", (*words, pool)) for pool in sorted(pools - served)]


def _pool(process: Process) -> str | None:
    """The pool that a process serves, if it is a worker."""
    match process.words:
        case (_, "-m", "workers", "--pool", pool):
            return pool
    return None
