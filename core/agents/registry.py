"""All agents: the built-in ones, those that installed packages name under the entry point `aci.agents`, and those
that the setting `agents` names.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points

from core.agents import execute, generate
from core.agents.spec import AgentSpec
from core.settings import Settings

ENTRY_POINT_GROUP = "aci.agents"
BUILT_IN = (generate.SPEC, execute.SPEC)


@cache
def agents() -> dict[str, AgentSpec]:
    """Every agent by its name. Raises what `by_name` and `named` raise."""
    installed = [
        _checked(entry.load(), f"The entry point {entry.name!r} in group {ENTRY_POINT_GROUP}")
        for entry in entry_points(group=ENTRY_POINT_GROUP)
    ]
    return by_name((*BUILT_IN, *installed, *named(Settings.load().agents)))


def named(dotted: Iterable[str]) -> list[AgentSpec]:
    """The agents at these dotted paths, `package.module:SPEC`.

    Raises ImportError or AttributeError where there is nothing, ValueError where it is no dotted path, and TypeError
    where it is something else.
    """
    return [_checked(pkgutil.resolve_name(path), f"{path!r} in ACI_AGENTS") for path in dotted]


def by_name(specs: Iterable[AgentSpec]) -> dict[str, AgentSpec]:
    """The agents by their names.

    Raises ValueError when two have one name: a service that starts with half of its agents would be worse than one
    that does not start.
    """
    found: dict[str, AgentSpec] = {}
    for spec in specs:
        if spec.name in found:
            raise ValueError(f"Two agents have the name {spec.name!r}.")
        found[spec.name] = spec
    return found


def _checked(found: object, what: str) -> AgentSpec:
    if not isinstance(found, AgentSpec):
        raise TypeError(f"{what} names no AgentSpec.")
    return found


def pool_agents(pool: str) -> list[AgentSpec]:
    """The agents that a worker pool serves."""
    return [spec for spec in agents().values() if spec.pool == pool]


def pools() -> dict[str, list[AgentSpec]]:
    """Every pool with its agents."""
    return {pool: pool_agents(pool) for pool in sorted({spec.pool for spec in agents().values()})}
