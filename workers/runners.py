"""Finds the functions that run agents, by the dotted paths in their specs."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from types import ModuleType
from typing import Any

from core.agents.spec import AgentSpec
from core.database.pool import Pool
from core.jobs.states import Failure
from workers.context import AgentFailure, Context, Outcome
from workers.resources import Resources

logger = logging.getLogger(__name__)

Runner = Callable[[Any, Context], Awaitable[Outcome]]
Upkeep = Callable[[Pool, Resources], Awaitable[Any]]
Describer = Callable[[Resources], Awaitable[dict[str, Any]]]


def runner_of(spec: AgentSpec, package: str | None = None) -> Runner:
    """What runs an agent's jobs.

    An agent of a package that can't be imported costs no other agent of the pool its worker: its jobs then fail at
    once, and say why. A built-in one that can't be is a fault of ours, and raises.
    """
    module, _, name = spec.runner.partition(":")
    try:
        runner: Runner = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:
        if package is None:
            raise
        logger.exception("The agent %s of the package %s can't run: %s.", spec.name, package, spec.runner)
        return _broken(package, type(error).__name__)
    return runner


def _broken(package: str, why: str) -> Runner:
    async def run(input_: Any, context: Context) -> Outcome:
        raise AgentFailure(
            Failure.INTERNAL,
            "The agent is not fit to run",
            f"The package that brings it, {package}, can't be loaded ({why}). The worker's log has more; mend or "
            "remove the package, and restart the workers.",
        )

    return run


def upkeeps(specs: Iterable[AgentSpec], packages: dict[str, str]) -> list[Upkeep]:
    """What built-in agents see to beside their jobs."""
    return [module.upkeep for module in _built_in(specs, packages) if hasattr(module, "upkeep")]


def describers(specs: Iterable[AgentSpec], packages: dict[str, str]) -> list[Describer]:
    """What built-in agents say of their models and sandboxes, for the page and for operators."""
    return [module.describe for module in _built_in(specs, packages) if hasattr(module, "describe")]


def _built_in(specs: Iterable[AgentSpec], packages: dict[str, str]) -> list[ModuleType]:
    return [importlib.import_module(spec.runner.partition(":")[0]) for spec in specs if spec.name not in packages]
