"""Parity: the same runs through the executor, on our own sandbox and on a double that answers only as AWS does.

Both must give what each case expects, and the same as each other but for liveness: the same results, and events in the
same order. All cases of one server share one session, so they are run in order and variables live on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from job_life import Life
from services import PLAIN, Service

from core.agents.execute import ExecuteInput, ExecuteResult
from core.database.pool import Pool
from core.jobs.states import Holds, Lane, State
from core.settings import Settings
from tests.doubles.agentcore import AgentCore, running_agentcore
from tests.integration.workers.executor.cases import (
    KINDS,
    Case,
    errors,
    figures,
    files,
    hostile,
    streams,
    tables,
    values,
)
from workers.context import AgentFailure, Context
from workers.executor import runner
from workers.executor.agentcore import Frame
from workers.resources import Resources

CASES: dict[str, Case] = {
    f"{kind.__name__.rpartition('.')[2]}: {name}": case
    for kind in (values, tables, figures, errors, streams, files, hostile)
    for name, case in kind.CASES.items()
}
CHANGES_BY_ITSELF = re.compile(r"0x[0-9a-fA-F]{6,}|<program \d+>")
"""Addresses of objects, and the number of a program in its session."""


@dataclass
class Seen:
    """One run, from the executor's side."""

    result: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]

    @property
    def order(self) -> list[str]:
        """What was printed, `!` before stderr's, and, as `<n>`, the outputs, in the order of the events."""
        found: list[tuple[str, str]] = []
        for type_, data in self.events:
            if type_ == "output":
                found.append((type_, f"<{data['number']}>"))
            elif type_ in ("stdout", "stderr"):
                begin, before = ("!" if type_ == "stderr" else ""), ""
                if found and found[-1][0] == type_:
                    begin, before = "", found.pop()[1]
                found.append((type_, begin + before + data["text"]))
        return [text for _, text in found]

    def comparable(self) -> dict[str, Any]:
        """Without what is another each time."""
        files = sorted(({**file, "file_id": None} for file in self.result["files"]), key=lambda file: file["path"])
        shown = {**self.result, "order": self.order, "files": files}
        text = CHANGES_BY_ITSELF.sub("…", json.dumps(shown))
        comparable: dict[str, Any] = json.loads(text)
        return comparable


@dataclass
class House:
    """A session on one server, and the worker's side of it."""

    life: Life
    settings: Settings
    session: UUID
    resources: Resources = field(init=False)

    def __post_init__(self) -> None:
        self.resources = Resources(self.settings)

    async def run(self, case: Case) -> Seen:
        """One job, from its claim to its end; of a batch, so that nobody is asked on ours either."""
        claim = await self.life.running(session_id=self.session, holds=Holds.SANDBOX, lane=Lane.BATCH)
        events: list[tuple[str, dict[str, Any]]] = []

        async def flush() -> None:
            """Nothing is written here."""

        context = Context(
            claim,
            self.settings,
            self.life.pool,
            self.resources,
            lambda type_, /, **data: events.append((type_, data)),
            flush,
        )
        given = [{"path": path, "text": text} for path, text in case.files.items()]
        try:
            outcome = await runner.run(ExecuteInput(code=case.code, inputs=case.inputs, files=given or None), context)
            result, changes = outcome.result, list(outcome.files)
        except AgentFailure as failure:
            assert failure.result is not None
            result, changes = failure.result, list(failure.files)
        await self.life.end(claim, State.SUCCEEDED, files=changes)
        return Seen(result, events)


@dataclass
class Houses:
    """Both."""

    ours: House
    aws: House
    double: AgentCore


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One server of ours; the double stands in front of it."""
    service = Service(tmp_path_factory.mktemp("parity"), "", "")
    service.run_sandbox()
    try:
        yield service
    finally:
        service.shut_down()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def houses(sandbox: Service, settings: Settings, pool: Pool) -> AsyncIterator[Houses]:
    address = sandbox.environment["ACI_SANDBOX_ENDPOINT"]
    await until_it_listens(address)
    file = Path(sandbox.environment["ACI_SANDBOX_CREDENTIALS_FILE"])
    key = settings.model_copy(update={"sandbox_credentials_file": file}).sandbox_credentials()
    assert key is not None
    with running_agentcore(address, key.access_key_id, key.secret_access_key.get_secret_value()) as double:

        async def house(endpoint: str) -> House:
            chosen = settings.model_copy(update={"sandbox_endpoint": endpoint, "sandbox_credentials_file": file})
            life = Life(pool)
            return House(life, chosen, await life.session())

        yield Houses(await house(address), await house(double.url), double)


async def until_it_listens(address: str) -> None:
    async with httpx.AsyncClient(**PLAIN) as client, asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = (await client.get(f"{address}/healthz")).json()
                assert answer["status"] == "ok", answer
                return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", CASES)
async def test_the_same_on_both(name: str, houses: Houses) -> None:
    case = CASES[name]
    ours, aws = await asyncio.gather(houses.ours.run(case), houses.aws.run(case))
    assert ours.comparable() == aws.comparable()
    hold(ours, case)


def hold(seen: Seen, case: Case) -> None:
    """One run to what its case expects."""
    result = seen.result
    ExecuteResult.model_validate(result)
    error = result["error"]
    assert result["exit"] == ("ok" if case.error is None else "error"), error or result
    if case.error is None:
        assert error is None
    else:
        assert error is not None
        assert (error["name"], error["line"]) == case.error
        told = "\n".join([error["value"], *error["traceback"]])
        assert all(word in told for word in case.says), told
        assert "aci_harness" not in told
    for name in ("text", "stdout", "stderr"):
        expected = getattr(case, name)
        if expected is not None:
            assert result[name] == expected
    outputs = result["outputs"]
    assert len(result["positions"]) == len(outputs)
    assert result["positions"] == sorted(result["positions"])
    if case.shows is not None:
        assert len(outputs) == len(case.shows), [list(output) for output in outputs]
        for output, kinds in zip(outputs, case.shows, strict=True):
            assert {KINDS[kind] for kind in kinds.split()} <= set(output), list(output)
    if case.order is not None:
        assert seen.order == list(case.order)
    for kind, expected in case.holds.items():
        held = outputs[0][KINDS[kind]]
        assert expected in (held if isinstance(held, str) else json.dumps(held)), held
    if case.changed is not None:
        assert {file["path"]: file["change"] for file in result["files"]} == dict(case.changed)


async def test_a_plain_run_takes_one_call_and_one_with_a_figure_no_more(houses: Houses) -> None:
    await houses.aws.run(Case("import matplotlib.pyplot as plt"))
    for code in ("print('a'); 1", "1 / 0", "plt.plot([1])"):
        houses.double.calls.clear()
        await houses.aws.run(Case(code))
        assert houses.double.calls == ["executeCode"], code


async def test_the_harness_is_sent_again_where_it_was_lost(houses: Houses) -> None:
    """By a program that removed it, and unloaded it, so that nothing of it is left in the interpreter."""
    lose = """
import shutil, sys
shutil.rmtree(".aci")
for name in [name for name in sys.modules if name.startswith("aci_")]:
    del sys.modules[name]"""
    await houses.aws.run(Case(lose))
    houses.double.calls.clear()
    seen = await houses.aws.run(Case("6 * 7"))
    assert seen.result["text"] == "42"
    assert houses.double.calls == ["executeCode", "writeFiles", "executeCode"]


async def test_a_program_that_claims_to_miss_the_harness_is_not_run_again(houses: Houses) -> None:
    """It may find the nonce of its run, which is no secret from it."""
    forge = """
import sys
frame = sys._getframe()
while "request" not in frame.f_locals:
    frame = frame.f_back
print(f"[[aci:{frame.f_locals['request']['nonce']}:missing:0:0]]")
ran = globals().get("ran", 0) + 1
ran"""
    houses.double.calls.clear()
    seen = await houses.aws.run(Case(forge))
    assert seen.result["text"] == "1"
    assert houses.double.calls.count("executeCode") == 1


async def test_the_double_says_nothing_that_aws_does_not(houses: Houses) -> None:
    interpreters = houses.aws.resources.interpreters
    assert (await interpreters.describe())["status"] == "unreachable"  # no health to ask for
    interpreter = await interpreters.start(300, "double", secrets.token_hex(20))

    slowly = "import time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.05)"

    def ask() -> list[list[Frame]]:
        return [list(interpreter.execute(code).frames()) for code in (slowly, "1 / 0", "import os; os._exit(3)")]

    live, failed, ended = await interpreters.blocking(ask)
    assert [(frame.stdout, frame.is_error) for frame in live] == [("0\n1\n2\n", False)]
    assert [(frame.is_error, "ZeroDivisionError" in frame.stderr) for frame in failed] == [(True, True)]
    assert [(frame.is_error, frame.ended) for frame in ended] == [(True, None)]


async def test_twenty_figures_take_no_more_memory_than_four(houses: Houses) -> None:
    """Those that are too large to be sent while the program runs are fetched and stored one by one."""
    code = (
        "import os\nfrom PIL import Image\n"
        "for n in range({}): display(Image.frombytes('RGB', (300, 300), os.urandom(300 * 300 * 3)))"
    )
    await houses.ours.run(Case(code.format(2)))
    peaks = []
    for count in (4, 20):
        tracemalloc.start()
        try:
            seen = await houses.ours.run(Case(code.format(count)))
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert len(seen.result["outputs"]) == count
        assert all(output["image/png"]["size"] > 250_000 for output in seen.result["outputs"])
    assert peaks[1] < 1.5 * peaks[0], peaks
