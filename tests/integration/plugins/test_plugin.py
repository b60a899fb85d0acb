"""The example of docs/agents.md, installed from its folder as a package of its own, and nothing else edited: seen in
the API, its queue, its pool and its result; and what a package that is no good does to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from plugin_site import install_example, path_with
from services import Client, Service, types

from embedded.redis import RedisServer

BROKEN = {
    "broken-import": ("import not_there_at_all\n", "[aci.agents]\nbroken = broken_import:SPEC\n"),
    "broken-name": (
        "from dataclasses import replace\nfrom core.agents.execute import SPEC as execute\n"
        "SPEC = replace(execute, pool='plugins')\n",
        "[aci.agents]\nbroken = broken_name:SPEC\n",
    ),
    "broken-runner": (
        "from dataclasses import replace\nfrom core.agents.execute import SPEC as execute\n"
        "SPEC = replace(execute, name='unfit', pool='plugins', runner='broken_runner_code:run')\n",
        "[aci.agents]\nbroken = broken_runner:SPEC\n",
    ),
}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages: the example as pip installs it, and some that are no good, as pip would leave them."""
    home = tmp_path_factory.mktemp("plugins-home")
    install_example(home)
    folder = home / "site"
    for name, (source, entry_points) in BROKEN.items():
        module = name.replace("-", "_")
        (folder / f"{module}.py").write_text(source)
        metadata = folder / f"{module}-2.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
        (metadata / "entry_points.txt").write_text(entry_points)
    (folder / "broken_runner_code.py").write_text("import not_there_at_all\n")
    return home


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def plugins_database(new_database: Any) -> str:
    address: str = await new_database()
    return address


@pytest.fixture(scope="session")
def service(
    site: Path, tmp_path_factory: pytest.TempPathFactory, plugins_database: str, redis_server: RedisServer
) -> Iterator[Service]:
    """The processes that plugins need, in an environment where the packages are installed."""
    started = Service(
        tmp_path_factory.mktemp("plugins"),
        plugins_database,
        redis_server.url,
        preload=False,
        PYTHONPATH=path_with(site),
    )
    try:
        started.start(("plugins",))
        yield started
    finally:
        started.shut_down()


@pytest_asyncio.fixture(loop_scope="session")
async def client(service: Service) -> AsyncIterator[Client]:
    made = Client(service.url)
    yield made
    await made.http.aclose()


async def test_an_installed_agent_is_seen_everywhere_and_does_its_work(client: Client) -> None:
    listed = (await client.http.get("/v1/agents")).json()
    agent = next(one for one in listed["items"] if one["name"] == "csv-profile")
    assert (agent["title"], agent["package"], agent["pool"]) == ("CSV profile", "aci-csv-profile 1.0", "plugins")
    assert agent["input_schema"]["required"] == ["path"]
    assert "rows" in agent["result_schema"]["properties"]
    assert agent["workers"] == 1
    assert agent["lanes"]["interactive"]["slots"] == agent["slots"] > agent["lanes"]["batch"]["slots"]

    document = (await client.http.get("/v1/openapi.json")).json()["components"]["schemas"]
    assert document["CsvProfileJob"]["properties"]["agent"]["const"] == "csv-profile"
    assert document["ProfileInput"]["required"] == ["path"]

    session = await client.session()
    table = b"city,people\nParis,2100000\nRome,\n"
    await client.http.put(f"/v1/sessions/{session}/files/cities.csv", content=table)
    job = await client.submit("csv-profile", {"path": "cities.csv"}, session_id=session)
    events = await client.events(job["id"])
    done = events[-1]["job"]
    assert done["state"] == "succeeded", done["error"]
    assert done["result"]["rows"] == 2
    assert [(column["column"], column["missing"]) for column in done["result"]["columns"]] == [
        ("city", 0),
        ("people", 1),
    ]
    assert {"job.progress", "stdout", "output", "text.delta"} <= set(types(events))
    assert [event["step"] for event in events if "step" in event] == [1, 2]


async def test_its_input_is_checked_as_any_agents(client: Client) -> None:
    for input_, pointer in (({}, "/input/path"), ({"path": "a", "more": 1}, "/input/more")):
        answer = await client.http.post("/v1/jobs", json={"agent": "csv-profile", "input": input_})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_file_that_is_not_there_is_said_in_its_own_words(client: Client) -> None:
    session = await client.session()
    job = await client.submit("csv-profile", {"path": "none.csv"}, session_id=session)
    ended = await client.ended(job["id"])
    assert ended["error"]["title"] == "There is no such file"


async def test_packages_that_are_no_good_are_named_and_the_others_go_on(client: Client, service: Service) -> None:
    listed = (await client.http.get("/v1/agents")).json()
    refused = {one["package"]: one["reason"] for one in listed["refused"]}
    assert set(refused) == {"broken-import 2.0", "broken-name 2.0"}
    assert {"generate", "execute", "csv-profile"} <= {agent["name"] for agent in listed["items"]}
    parts = service.readiness()["parts"]
    assert parts["plugins"]["status"] == "degraded"
    assert "broken-name 2.0" in parts["plugins"]["detail"]
    for name in ("api", "dispatcher", "plugins"):
        log = (service.folder / f"{name}.log").read_text()
        assert "The package broken-import 2.0 brings no agent by" in log
        assert "The other agents go on." in log


async def test_an_agent_whose_code_can_not_be_loaded_fails_its_jobs_at_once_and_says_why(client: Client) -> None:
    job = await client.submit("unfit", {"code": "1"})
    ended = await client.ended(job["id"])
    assert ended["error"]["type"] == "internal"
    assert "broken-runner 2.0" in ended["error"]["detail"]
    assert "Traceback" not in str(ended)
