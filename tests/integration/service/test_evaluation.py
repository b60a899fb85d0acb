"""A short evaluation: words, program, sandbox, figures, and the score, all the way through a running service."""

from __future__ import annotations

from pathlib import Path

import pytest
from services import Client, Service

from core.settings import Settings
from evaluation import aws
from evaluation.scoring import evaluate
from evaluation.tasks import TASKS

SHORT = ("average by group", "greeting", "mend a column", "leap years")


async def test_the_demo_model_does_what_its_library_has(service: Service, client: Client) -> None:
    service.wait_until_ready()
    scores = await evaluate(client.http, [task for task in TASKS if task.name in SHORT])
    found = {score.task.name: score for score in scores}
    assert [found[name].missed for name in SHORT[:3]] == [(), (), ()]
    # And of what it has not, no good is told.
    assert "shows 2000" in found["leap years"].missed
    assert {score.model for score in scores} == {"demo:library"}


async def test_the_smoke_test_of_agentcore_runs_a_program_over_its_wire(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint, credentials = (service.environment[f"ACI_SANDBOX_{name}"] for name in ("ENDPOINT", "CREDENTIALS_FILE"))
    settings = Settings(sandbox_endpoint=endpoint, sandbox_credentials_file=Path(credentials))
    assert await aws._ran(settings)
    assert capsys.readouterr().out == "ok     agentcore:aws.codeinterpreter.v1: 6 * 7 is 42\n"
