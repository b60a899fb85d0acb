"""All agents: the built-in ones, those that installed packages bring, and those that the setting `agents` names.

What is wrong with a package is told and the package left out; what is wrong with a setting keeps the service from
starting, for whoever wrote it stands there and reads why.
"""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from core.agents import execute, generate, installed, solve
from core.agents.installed import Refusal
from core.agents.spec import PLUGINS, AgentSpec
from core.settings import Settings

BUILT_IN = (generate.SPEC, execute.SPEC, solve.SPEC)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is in this process's environment."""

    agents: dict[str, AgentSpec]
    packages: dict[str, str]
    """For agents from outside, name and version of the package that brings them."""
    refused: tuple[Refusal, ...]


@cache
def found() -> Found:
    """Every agent, looked for once a process. Raises what `by_name` and `named` raise."""
    settings = Settings.load()
    own = by_name((*BUILT_IN, *named(settings.agents)))
    brought, refused = installed.look(own) if settings.plugins else ([], [])
    agents = by_name((*own.values(), *(one.spec for one in brought)))
    return Found(agents, {one.spec.name: one.package for one in brought}, tuple(refused))


def agents() -> dict[str, AgentSpec]:
    """Every agent by its name."""
    return found().agents


def tell_refusals() -> None:
    """Say in the log which packages were refused, and why: once, when a program of the service starts."""
    for refusal in found().refused:
        logger.error("%s The other agents go on.", refusal)


def named(dotted: Iterable[str]) -> list[AgentSpec]:
    """The agents at these dotted paths, `package.module:SPEC`.

    Raises ImportError or AttributeError where there is nothing, ValueError where it is no dotted path, and TypeError
    where it is something else.
    """
    return [_agent(pkgutil.resolve_name(path), f"{path!r} in ACI_AGENTS") for path in dotted]


def by_name(specs: Iterable[AgentSpec]) -> dict[str, AgentSpec]:
    """The agents by their names. Raises ValueError when two have one name."""
    known: dict[str, AgentSpec] = {}
    for spec in specs:
        if spec.name in known:
            raise ValueError(f"Two agents have the name {spec.name!r}.")
        known[spec.name] = spec
    return known


def _agent(what: object, where: str) -> AgentSpec:
    if not isinstance(what, AgentSpec):
        raise TypeError(f"{where} names no AgentSpec.")
    return what


def pool_agents(pool: str) -> list[AgentSpec]:
    """The agents that a worker pool serves."""
    return [spec for spec in agents().values() if spec.pool == pool]


def pools() -> dict[str, list[AgentSpec]]:
    """Every pool that has agents, with them."""
    return {pool: pool_agents(pool) for pool in sorted({spec.pool for spec in agents().values()})}


def pool_names() -> list[str]:
    """Every pool that a worker can be started for: that of plugins may have no agents at the moment."""
    return sorted({*pools(), PLUGINS})
