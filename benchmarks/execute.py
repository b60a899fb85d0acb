"""A run as somebody at the API meets it: a POSTed `execute` job in a warm session, until its terminal event.

Beside it the floors of its hops, each by itself on the same machine: a committed row, a round trip to Redis, a bare run
in a session of the sandbox; and what the harness adds to a run, measured in one session in turns with the bare code.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

import boto3
import redis
from botocore.config import Config

from benchmarks.latency import line, one_row_commits
from benchmarks.rig import Connection, Report, folder, percentile, program, wait_for_port
from benchmarks.sandbox import PYTHON
from benchmarks.service import Running, running
from embedded.ports import free_port
from workers.executor.execution import FOLDER, start_of
from workers.executor.shipping import harness

RUNS = 200
TURNS = 300
IDENTIFIER = "aws.codeinterpreter.v1"
PRINTS = "print('hello')\n6 * 7"
DRAWS = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"


async def run() -> Report:
    """The benchmark."""
    report = Report("One run in a warm session, one after the other")
    key, secret, port = "AKIDBENCH", secrets.token_hex(16), free_port()
    with folder() as place:
        credentials = place / "sandbox.json"
        credentials.touch(mode=0o600)
        credentials.write_text(json.dumps({"access_key_id": key, "secret_access_key": secret}))
        theirs = {
            "SANDBOX_PORT": str(port),
            "SANDBOX_CREDENTIALS_FILE": str(credentials),
            "SANDBOX_PYTHON": str(PYTHON),
        }
        ours = {
            "ACI_SANDBOX_ENDPOINT": f"http://127.0.0.1:{port}",
            "ACI_SANDBOX_CREDENTIALS_FILE": str(credentials),
        }
        with program("-m", "sandbox", env=theirs) as sandbox, running(worker=False, **ours) as service:
            wait_for_port(port, sandbox)
            with program("-m", "workers", "--pool", "execute", env=service.env, log=service.logs / "execute"):
                await whole(report, service)
            floors = await one_row_commits(service.postgres.url)
            report.add("floor: one committed row", line(floors))
            report.add("floor: a round trip to Redis", line(pings(service.redis.url)))
            inside(report, f"http://127.0.0.1:{port}", key, secret)
    return report


async def whole(report: Report, service: Running) -> None:
    """From the POST to the terminal event."""
    connection = Connection(service.port)
    await connection.open()
    _, answer = await connection.request("POST", "/v1/sessions", b"{}")
    session = json.loads(answer)["id"]
    for what, code, target in (
        ("that prints and has a value", PRINTS, "p50 ≤ 60 ms"),
        ("that draws a figure", DRAWS, ""),
    ):
        body = json.dumps({"agent": "execute", "session_id": session, "input": {"code": code}}).encode()
        for _ in range(20):
            _, answer = await connection.request("POST", "/v1/jobs?wait=60", body)
        if json.loads(answer)["state"] != "succeeded":
            raise RuntimeError(f"the service does not work: {answer!r}")
        took, inside_worker = [], []
        for _ in range(RUNS):
            began = time.perf_counter()
            _, answer = await connection.request("POST", "/v1/jobs", body)
            job = json.loads(answer)
            following = Connection(service.port)
            await following.open()
            events = await following.events(f"/v1/jobs/{job['id']}/events")
            took.append(time.perf_counter() - began)
            following.close()
            inside_worker.append(events[-1]["job"]["timings"]["run_ms"] / 1e3)
        report.add(f"POST → terminal event at the client, a run {what}", line(took), target)
        report.add("of it, claimed → ended (Postgres' clock)", line(inside_worker))
    connection.close()


def pings(url: str) -> list[float]:
    """Round trips on an open connection."""
    client = redis.Redis.from_url(url)
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        client.ping()
        took.append(time.perf_counter() - began)
    return took


def inside(report: Report, url: str, key: str, secret: str) -> None:
    """The sandbox by itself, with the code as it is and inside the harness."""
    client = boto3.client(
        "bedrock-agentcore",
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    at = {"codeInterpreterIdentifier": IDENTIFIER}
    at["sessionId"] = client.start_code_interpreter_session(**at)["sessionId"]

    def invoke(name: str, **arguments: Any) -> tuple[float, str]:
        began = time.perf_counter()
        answer = client.invoke_code_interpreter(**at, name=name, arguments=arguments)
        [event] = list(answer["stream"])
        structured = event["result"].get("structuredContent", {})
        return time.perf_counter() - began, structured.get("stdout", "")

    def request(number: int) -> str:
        return start_of({"id": f"run-{number}", "nonce": "bench", "inline": 100_000, "code": PRINTS, "inputs": None})

    asked = []
    for _ in range(TURNS):
        began = time.perf_counter()
        client.get_code_interpreter_session(**at)
        asked.append(time.perf_counter() - began)
    path = f"{FOLDER}/{harness().file}"
    invoke("writeFiles", content=[{"path": path, "blob": harness().content}])
    first, said = invoke("executeCode", code=request(0))
    if "[[aci:bench:report" not in said:
        raise RuntimeError(f"the harness does not run: {said!r}")
    bare, within = [], []
    for number in range(TURNS):
        bare.append(invoke("executeCode", code=PRINTS)[0])
        within.append(invoke("executeCode", code=request(number))[0])
    report.add("floor: a request to the sandbox that runs nothing", line(asked))
    report.add("floor: the same code, bare, by boto3", line(bare))
    report.add("the same inside the harness", line(within))
    added = percentile(within, 0.5) - percentile(bare, 0.5)
    report.add("what the harness adds (p50 − p50)", f"{added * 1e3:.1f} ms", "≤ 5 ms")
    report.add("the first run of a session, which loads the harness", f"{first * 1e3:.1f} ms")
