"""What these tests share: Bedrock's double, AWS credentials of no account, and a job seen from the inside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from core.agents.generate import GenerateInput
from core.events.log import Event
from core.ids import new_id
from core.jobs.lease import Claim
from core.settings import Settings
from tests.doubles.bedrock import Bedrock, running_bedrock
from workers.context import Context, Outcome
from workers.generator import runner
from workers.resources import Resources


@pytest.fixture
def bedrock() -> Iterator[Bedrock]:
    with running_bedrock() as double:
        yield double


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials that the double does not check, and nothing of the machine's own."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


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
        claim = Claim(
            id=(job_id := new_id()),
            tenant_id=new_id(),
            session_id=None,
            agent="generate",
            lane="interactive",
            attempt=1,
            max_attempts=3,
            input={},
            created_at=datetime.now(UTC),
            running=Event(job_id, 2, 1, datetime.now(UTC), "job.running", {"worker": "test"}),
            seconds_left=None,
        )
        made = Job(cast(Context, None))
        made.context = Context(claim, configured, cast(Any, None), Resources(configured), made.emit, asyncio.Event())
        return made

    return make
