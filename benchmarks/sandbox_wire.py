"""The sandbox as a client of AWS's meets it: a server process, and boto3 with all it does to a request.

The floor is the same client's `GetCodeInterpreterSession`, which runs nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.rig import Report, median, percentile, program, wait_for_port
from benchmarks.sandbox import PYTHON
from embedded.ports import free_port

ROUNDS = 30
TRIPS = 200
IDENTIFIER = "aws.codeinterpreter.v1"


async def run() -> Report:
    """The benchmark."""
    report = Report("Sandbox over the wire, with boto3")
    key, secret, port = "AKIDBENCH", secrets.token_hex(16), free_port()
    environment = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_ACCESS_KEY_ID": key,
        "SANDBOX_SECRET_ACCESS_KEY": secret,
        "SANDBOX_PYTHON": str(PYTHON),
    }
    with program("-m", "sandbox", env=environment) as process:
        wait_for_port(port, process)
        client = boto3.client(
            "bedrock-agentcore",
            region_name="us-west-2",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}),
        )
        measure(report, client)
    return report


def measure(report: Report, client: Any) -> None:
    """Starts, first outputs, round trips."""

    def start() -> dict[str, str]:
        answer = client.start_code_interpreter_session(codeInterpreterIdentifier=IDENTIFIER)
        return {"codeInterpreterIdentifier": IDENTIFIER, "sessionId": answer["sessionId"]}

    def execute(at: dict[str, str]) -> None:
        answer = client.invoke_code_interpreter(**at, name="executeCode", arguments={"code": "1"})
        [event] = list(answer["stream"])
        assert event["result"]["structuredContent"]["stdout"] == "1\n"

    starts, firsts = [], []
    for _ in range(ROUNDS):
        session: list[dict[str, str]] = []
        starts.append(timed(lambda session=session: session.append(start())))  # type: ignore[misc]
        firsts.append(starts[-1] + timed(lambda session=session: execute(session[0])))  # type: ignore[misc]
        client.stop_code_interpreter_session(**session[0])
    at = start()
    floor, trips = [], []
    for _ in range(TRIPS):
        floor.append(timed(lambda: client.get_code_interpreter_session(**at)))
        trips.append(timed(lambda: execute(at)))
    report.add("floor: a request that runs nothing", figures(floor))
    report.add("round trip in a live session", figures(trips), "≤ 10 ms")
    report.add("session started", figures(starts))
    report.add("session started → its first output", figures(firsts))


def timed(do: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1e3


def figures(milliseconds: list[float]) -> str:
    """Median and p95."""
    return f"median {median(milliseconds):.2f} ms, p95 {percentile(milliseconds, 0.95):.2f} ms"
