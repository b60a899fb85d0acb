"""The solver as a user meets it: real processes, a real sandbox, the demo model and Bedrock's double."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from services import Client, Service, types

from tests.doubles.bedrock import Bedrock, End, Say, Stall, Use, running_bedrock

TASK = {"task": "load wine.csv, average alcohol by class, and draw it"}
DRAWS = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nopen('kept.txt', 'w').write('one')\nx = 41\nx"


async def with_wine(client: Client, examples: Path) -> str:
    session = await client.session("solve")
    await client.http.put(f"/v1/sessions/{session}/files/wine.csv", content=(examples / "wine.csv").read_bytes())
    return session


async def test_the_demo_model_solves_a_task_in_steps_and_is_honest_about_itself(client: Client, examples: Path) -> None:
    session = await with_wine(client, examples)
    job = await client.submit("solve", TASK, session_id=session)
    events = await client.events(job["id"])
    done = events[-1]["job"]
    assert done["state"] == "succeeded", done["error"]
    result = done["result"]
    assert "13.74" in result["answer"]
    assert "demo model" in result["answer"]
    [step] = result["steps"]
    assert step["ok"]
    assert step["code"] == result["code"]
    seen = types(events)
    assert seen.index("tool.started") < seen.index("output") < seen.index("tool.finished")
    said = [event["text"] for event in events if event["type"] == "text.delta"]
    assert result["answer"] in "".join(said)
    assert done["usage"]["model"].startswith("demo")

    # It holds the conversation and the sandbox: what it made is there for the next run.
    assert await client.printed("print(table.shape)", session) == "(178, 14)\n"
    await client.ran("print(1)\n1 / 0", session)

    where = f"/v1/sessions/{session}/history"
    first = (await client.http.get(where, params={"limit": 1})).json()
    [solved] = first["items"]
    assert (solved["job_id"], solved["agent"], solved["asked"]) == (job["id"], "solve", TASK["task"])
    assert (solved["code"], solved["said"], solved["error"]) == (result["code"], result["answer"], None)
    rest = (await client.http.get(where, params={"cursor": first["next_cursor"]})).json()
    looked, failed = rest["items"]
    assert (looked["asked"], looked["code"], looked["printed"]) == (None, "print(table.shape)", "(178, 14)\n")
    assert (failed["state"], failed["printed"], failed["error"]["line"]) == ("failed", "1\n", 2)
    assert rest["next_cursor"] is None


@pytest.fixture
def double(service: Service) -> Iterator[Bedrock]:
    """The solver asks Bedrock's double for the length of a test."""
    with running_bedrock() as bedrock:
        service.stop("solve")
        service.run_worker(
            "solve",
            "solve",
            ACI_MODELS="bedrock:us.seer-v1:0",
            ACI_BEDROCK_ENDPOINT=bedrock.url,
            AWS_ACCESS_KEY_ID="AKIDEXAMPLE",
            AWS_SECRET_ACCESS_KEY="secret",
            AWS_EC2_METADATA_DISABLED="true",
        )
        yield bedrock
        bedrock.release_all()
        service.stop("solve")
        service.run_worker("solve", "solve")


async def test_a_model_sees_figures_loses_no_files_with_an_interpreter_and_stops_when_asked(
    client: Client, double: Bedrock
) -> None:
    stall = Stall()

    def plays(body: dict[str, Any]) -> list[Any]:
        turn = sum("toolResult" in block for message in body["messages"] for block in message["content"])
        looks = "print(open('kept.txt').read(), 'x' in globals())"
        programs = [DRAWS, "import os; os._exit(1)", looks, "input('Who? ')"]
        if turn < len(programs):
            return [Use("run_python", {"code": programs[turn]}, f"use{turn}"), End("tool_use")]
        return [Say("Two points."), stall, End()]

    double.play("us.seer-v1:0", plays)
    session = await client.session()
    job = await client.submit("solve", {"task": "draw two points"}, session_id=session)
    async for event in client.stream(job["id"]):
        if event["type"] == "text.delta":
            await client.http.post(f"/v1/jobs/{job['id']}/cancel")
    events = await client.events(job["id"])
    ended = events[-1]["job"]
    assert ended["state"] == "cancelled", ended["error"]
    assert not stall.release.is_set()
    assert ended["result"]["answer"] == "Two points."
    drawn, died, looked, asked = ended["result"]["steps"]
    assert (drawn["ok"], died["ok"], looked["ok"], asked["ok"]) == (True, False, True, False)
    assert "input.requested" not in types(events)
    assert drawn["text"] == "41"
    assert looked["stdout"] == "one False\n"
    assert "sandbox.reset" in types(events)

    [figure] = [output["image/png"]["artifact"] for output in drawn["outputs"] if "image/png" in output]
    bytes_ = (await client.http.get(f"/v1/jobs/{job['id']}/artifacts/{figure}")).content
    content = next(
        block["toolResult"]["content"]
        for message in double.asked[1][1]["messages"]
        for block in message["content"]
        if "toolResult" in block
    )
    assert base64.b64decode(content[1]["image"]["source"]["bytes"]) == bytes_
    files = (await client.http.get(f"/v1/sessions/{session}/files")).json()["items"]
    assert [file["path"] for file in files] == ["kept.txt"]
