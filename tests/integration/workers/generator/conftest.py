"""What these tests share: a job seen from the inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from core.agents.generate import GenerateInput
from core.settings import Settings
from tests.doubles.bedrock import Bedrock
from tests.model_rig import lone_context
from workers.context import Context, Outcome
from workers.generator import runner


@pytest.fixture(autouse=True)
def no_account(aws: pytest.MonkeyPatch) -> None:
    """All tests here are without an account of AWS."""


@dataclass
class Job:
    """One job, with all that it said. `when` calls back at the first event of a type."""

    context: Context
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    when: dict[str, Callable[[], None]] = field(default_factory=dict)

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

    def code(self) -> str:
        """The code as a watcher has it."""
        code = ""
        for type_, data in self.events:
            if type_ == "code.reset":
                code = ""
            elif type_ == "code.delta":
                code += data["text"]
        return code

    async def run(self, prompt: str = "draw it", **more: Any) -> Outcome:
        return await runner.run(GenerateInput(prompt=prompt, **more), self.context)


@pytest.fixture
def job(bedrock: Bedrock) -> Callable[..., Job]:
    """Makes jobs whose models are those named, behind the double."""

    def make(*models: str, **settings: Any) -> Job:
        configured = Settings(models=models, bedrock_endpoint=bedrock.url, **settings)
        made = Job(cast(Context, None))
        made.context = lone_context("generate", configured, made.emit)
        return made

    return make
