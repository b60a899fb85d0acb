"""A solver seen from the inside: models behind Bedrock's double, and a sandbox that does as it is told."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from core.agents.solve import SolveResult
from core.jobs.states import Failure
from core.settings import Settings
from tests.doubles.bedrock import Bedrock
from tests.model_rig import lone_context
from workers.context import AgentFailure, Context, Outcome
from workers.sandbox import Ran
from workers.solver.solving import Solving


def gave(stdout: str = "", **more: Any) -> Ran:
    """A run that went well."""
    result = {"exit": "ok", "text": None, "outputs": [], "stdout": stdout, "stderr": "", "error": None, "files": []}
    return Ran(result | more)


def raised(name: str, value: str, line: int = 1) -> Ran:
    """A run whose program raised."""
    error = {"name": name, "value": value, "traceback": [f"{name}: {value}"], "line": line}
    failure = AgentFailure(Failure.USER_CODE_ERROR, f"The program raised {name}", value)
    return Ran(gave(exit="error", error=error).result, failure)


Script = Callable[[str], Awaitable[Ran]]


@dataclass
class ScriptedSandbox:
    """Gives one scripted answer after the other; the last one serves all further runs."""

    answers: list[Any] = field(default_factory=lambda: [gave("42\n")])
    ran: list[str] = field(default_factory=list)

    async def run(self, code: str, **options: Any) -> Ran:
        self.ran.append(code)
        assert options["inputs"] == ()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return cast(Ran, await answer(code))
        return cast(Ran, answer)


@dataclass
class Task:
    """One job, with all that it said. `when` calls back at the first event of a type."""

    context: Context
    sandbox: ScriptedSandbox = field(default_factory=ScriptedSandbox)
    max_turns: int = 12
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    when: dict[str, Callable[[], None]] = field(default_factory=dict)
    solving: Solving | None = None

    def time_is_up(self) -> None:
        """As its clock says when the limit has passed."""
        assert self.solving is not None
        self.solving._over.set()

    def emit(self, type_: str, /, **data: Any) -> None:
        self.events.append((type_, data))
        if type_ in self.when:
            self.when.pop(type_)()

    def types(self) -> list[str]:
        """Types of its events, repeats in a row once."""
        types = [type_ for type_, _ in self.events]
        return [type_ for place, type_ in enumerate(types) if place == 0 or types[place - 1] != type_]

    def data(self, type_: str) -> list[dict[str, Any]]:
        return [data for each, data in self.events if each == type_]

    async def run(self, task: str = "what is it?") -> Outcome:
        self.solving = Solving(self.context, cast(Any, self.sandbox), self.max_turns)
        outcome = await self.solving.outcome(f"<request>\n{task}\n</request>", [])
        SolveResult.model_validate(outcome.result)
        return outcome


@pytest.fixture
def task(bedrock: Bedrock, aws: pytest.MonkeyPatch) -> Callable[..., Task]:
    """Makes jobs whose models are those named, behind the double."""

    def make(*models: str, seconds: float = 600, **settings: Any) -> Task:
        configured = Settings(models=models, bedrock_endpoint=bedrock.url, **settings)
        made = Task(cast(Context, None))
        made.context = lone_context("solve", configured, made.emit)
        made.context.ends_at = time.monotonic() + seconds
        return made

    return make
