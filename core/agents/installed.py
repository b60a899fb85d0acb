"""Agents that installed packages bring: what they name under the entry point `aci.agents`, each looked at closely.

A package comes into the environment by somebody else's release, so a wrong one must not take the service down: it is
refused by its name, and all others go on. Every process of the service decides alike, for it looks at the same packages
in the same order.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from core.agents.spec import PLUGINS, AgentSpec, Input, Result
from core.jobs.states import Holds

logger = logging.getLogger(__name__)

GROUP = "aci.agents"
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
RUNNER = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class Unusable(ValueError):
    """Why something that a package names can't be an agent here, in a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry point that brought no agent."""

    package: str
    """Name and version of the distribution."""
    entry: str
    """The entry point as the package writes it: `name = module:object`."""
    reason: str

    def __str__(self) -> str:
        return f"The package {self.package} brings no agent by `{self.entry}`: {self.reason}"


@dataclass(frozen=True, slots=True)
class Installed:
    """An agent and the package that brings it."""

    spec: AgentSpec
    package: str


def look(built_in: Mapping[str, AgentSpec]) -> tuple[list[Installed], list[Refusal]]:
    """The agents of installed packages, in the order of the packages' names, and what was refused. Never raises.

    Of two packages with one name for their agents the first keeps it: which that is must not hang on the order of
    folders, or the API would take jobs for one and the workers run the other.
    """
    found: dict[str, Installed] = {}
    refused: list[Refusal] = []
    own_pools = {spec.pool for spec in built_in.values()} - {PLUGINS}
    for package, entry in _entries():
        try:
            spec = checked(_loaded(entry), own_pools)
            if spec.name in built_in:
                raise Unusable(f"the name {spec.name!r} is that of an agent of the service")
            if (other := found.get(spec.name)) is not None:
                raise Unusable(f"the name {spec.name!r} is taken by {other.package}")
            found[spec.name] = Installed(spec, package)
        except Unusable as reason:
            refused.append(Refusal(package, f"{entry.name} = {entry.value}", f"{reason}."))
    return list(found.values()), refused


def _entries() -> Iterator[tuple[str, EntryPoint]]:
    named = []
    for entry in entry_points(group=GROUP):
        package = f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "(unknown)"
        named.append((package, entry))
    yield from sorted(named, key=lambda both: (both[0], both[1].name, both[1].value))


def _loaded(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except (Exception, SystemExit) as error:
        # The log has what its author needs; what users may see must not hold paths of this machine.
        logger.warning("Importing %s failed.", entry.value, exc_info=True)
        raise Unusable(f"it can't be imported ({type(error).__name__})") from None


def checked(found: object, own_pools: Set[str] = frozenset()) -> AgentSpec:
    """What was found, if an agent can be made of it. Raises Unusable."""
    if not isinstance(found, AgentSpec):
        raise Unusable(f"it is no AgentSpec but a {type(found).__name__}")
    for what, value in (("name", found.name), ("pool", found.pool)):
        if not (isinstance(value, str) and NAME.fullmatch(value)):
            raise Unusable(f"its {what} {value!r} is not of small letters, digits and dashes, up to 40 of them")
    if found.pool in own_pools:
        raise Unusable(f"the pool {found.pool!r} is the service's own; leave it out, or name another")
    for what, value in (("title", found.title), ("description", found.description)):
        if not (isinstance(value, str) and value.strip()):
            raise Unusable(f"it has no {what}")
    if not (isinstance(found.holds, Holds) and _is_time(found.timeout_s)):
        raise Unusable("`holds` has to be of Holds, and `timeout_s` a number of seconds above 0")
    _check_runner(found.runner)
    _check_schemas(found)
    return found


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _check_runner(runner: object) -> None:
    if not (isinstance(runner, str) and RUNNER.fullmatch(runner)):
        raise Unusable(f"its runner {runner!r} is no dotted path `package.module:function`")
    module = runner.partition(":")[0]
    try:
        # Looked for and not imported: only workers load what agents run.
        there = importlib.util.find_spec(module) is not None
    except (Exception, SystemExit):
        there = False
    if not there:
        raise Unusable(f"there is no module {module!r} for its runner")


def _check_schemas(spec: AgentSpec) -> None:
    for what, model, base in (("input", spec.input_model, Input), ("result", spec.result_model, Result)):
        if not (isinstance(model, type) and issubclass(model, base)):
            raise Unusable(f"its {what} model is no subclass of {base.__name__}")
    if spec.input_model.model_config.get("extra") != "forbid":
        raise Unusable("its input model takes fields that it does not know, which here are an error")
    for what, model, mode in (
        ("input", spec.input_model, "validation"),
        ("result", spec.result_model, "serialization"),
    ):
        try:
            json.dumps(model.model_json_schema(mode=mode), allow_nan=False)  # type: ignore[arg-type]
        except Exception as error:
            raise Unusable(f"its {what} model has no JSON schema ({type(error).__name__})") from None
