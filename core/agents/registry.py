"""All agents: the built-in ones, and those that installed packages name under the entry point `aci.agents`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from core.agents import execute, generate
from core.agents.spec import AgentSpec

ENTRY_POINT_GROUP = "aci.agents"
BUILT_IN = (generate.SPEC, execute.SPEC)


@cache
def agents() -> dict[str, AgentSpec]:
    """Every agent by its name.

    Raises TypeError when an entry point names something that is no AgentSpec, and ValueError when two agents
    have one name: a service that starts with half of its agents would be worse than one that does not start.
    """
    found: dict[str, AgentSpec] = {}
    external = []
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        spec = entry.load()
        if not isinstance(spec, AgentSpec):
            raise TypeError(f"The entry point {entry.name!r} in group {ENTRY_POINT_GROUP} names no AgentSpec.")
        external.append(spec)
    for spec in (*BUILT_IN, *external):
        if spec.name in found:
            raise ValueError(f"Two agents have the name {spec.name!r}.")
        found[spec.name] = spec
    return found


def pool_agents(pool: str) -> list[AgentSpec]:
    """The agents that a worker pool serves."""
    return [spec for spec in agents().values() if spec.pool == pool]


def pools() -> dict[str, list[AgentSpec]]:
    """Every pool with its agents."""
    return {pool: pool_agents(pool) for pool in sorted({spec.pool for spec in agents().values()})}
