"""The way that the README describes: from plain words and a file to a table and a figure."""

from __future__ import annotations

from pathlib import Path

from services import Client, Service, text_of, types

PNG = b"\x89PNG\r\n\x1a\n"

CHART = """
import pandas as pd
import matplotlib.pyplot as plt
wine = pd.read_csv("wine.csv")
print(len(wine), "wines")
means = wine.groupby("class")["alcohol"].mean()
means.plot.bar()
plt.show()
means.to_csv("means.csv")
means
"""


async def test_words_and_a_file_become_code_a_table_and_a_figure(client: Client, examples: Path) -> None:
    session = await client.session("wine")
    wine = (examples / "wine.csv").read_bytes()
    uploaded = await client.http.put(f"/v1/sessions/{session}/files/wine.csv", content=wine)
    assert (uploaded.status_code, uploaded.json()["size"]) == (201, len(wine))

    asked = await client.submit(
        "generate", {"prompt": "load wine.csv, average alcohol by class, and draw it"}, session_id=session
    )
    events = await client.events(asked["id"])
    assert types(events)[:2] == ["job.queued", "job.running"]
    generated = events[-1]["job"]
    assert generated["state"] == "succeeded", generated["error"]
    code = generated["result"]["code"]
    assert "wine.csv" in code
    written = "".join(
        event["text"] for event in events[types(events).index("model.selected") :] if event["type"] == "code.delta"
    )
    [completed] = [event for event in events if event["type"] == "code.completed"]
    assert completed["code"] == code == written
    assert generated["usage"]["model"].startswith("demo")

    events = await client.events((await client.execute(code, session))["id"])
    run = events[-1]["job"]
    assert run["state"] == "succeeded", run["error"]
    shown = [mime for event in events if event["type"] == "output" for mime in event["data"]]
    assert "image/png" in shown
    assert "application/vnd.dataresource+json" in shown or "class_0" in run["result"]["stdout"]


async def test_a_program_prints_shows_a_table_draws_a_figure_and_writes_a_file(client: Client, examples: Path) -> None:
    session = await client.session()
    await client.http.put(f"/v1/sessions/{session}/files/wine.csv", content=(examples / "wine.csv").read_bytes())
    events = await client.events((await client.execute(CHART, session))["id"])
    run = events[-1]["job"]
    assert run["state"] == "succeeded", run["error"]
    assert text_of(events) == run["result"]["stdout"] == "178 wines\n"

    figure, table = [event["data"] for event in events if event["type"] == "output"]
    assert run["result"]["outputs"] == [figure, table]
    resource = table["application/vnd.dataresource+json"]
    assert [row["class"] for row in resource["data"]] == ["class_0", "class_1", "class_2"]
    assert "class_2" in table["text/html"]
    assert "class_2" in table["text/plain"]
    assert run["result"]["text"] == table["text/plain"]

    where = f"/v1/jobs/{run['id']}/artifacts/{figure['image/png']['artifact']}"
    got = await client.http.get(where)
    assert got.status_code == 200
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"].startswith("inline")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert len(got.content) == figure["image/png"]["size"]
    assert got.content.startswith(PNG)
    part = await client.http.get(where, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    assert (await client.http.get(where, headers={"If-None-Match": got.headers["etag"]})).status_code == 304

    [changed] = [event for event in events if event["type"] == "file.changed"]
    assert (changed["path"], changed["change"]) == ("means.csv", "created")
    listed = (await client.http.get(f"/v1/sessions/{session}/files")).json()["items"]
    assert [(file["path"], file["job_id"]) for file in listed] == [("means.csv", run["id"]), ("wine.csv", None)]
    saved = await client.http.get(f"/v1/sessions/{session}/files/means.csv")
    assert saved.text.startswith("class,alcohol")
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_every_part_is_named_and_well(service: Service, client: Client) -> None:
    service.wait_until_ready()  # tests before this one take parts away, and a worker's word on one takes a moment
    document = service.readiness()
    assert {name: part["status"] for name, part in document["parts"].items()} == dict.fromkeys(
        ["postgres", "redis", "model", "sandbox", "solver"], "ok"
    )
    assert document["parts"]["sandbox"]["tier"] in {"A", "B"}
    agents = {agent["name"]: agent for agent in (await client.http.get("/v1/agents")).json()["items"]}
    assert {"generate", "execute"} <= set(agents)
    assert agents["execute"]["workers"] == 1
    assert agents["execute"]["slots"] > 0
    assert (await client.http.get("/v1/models")).json()["demo"] is True
