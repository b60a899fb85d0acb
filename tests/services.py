"""The service as real processes, and a client that holds everything it hears to the published contract."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
from pydantic import BaseModel, TypeAdapter

from core.agents.registry import agents
from core.events.types import JobEvent
from core.jobs.job import JobView
from embedded.children import Server, bare_environment, pause_between_looks, tail, until_parent_ends
from embedded.ports import free_port
from tests.zygote import zygote

REPOSITORY = Path(__file__).resolve().parents[1]
SANDBOX_PYTHON = REPOSITORY / ".venv-sandbox" / "bin" / "python"
POOLS = ("execute", "generate", "solve")
"""Pools of workers that a service has unless a test wants others."""
PLAIN: dict[str, Any] = {"trust_env": False, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
"""How an HTTP client of the tests is made: over loopback there is no TLS, and to get ready for it anew for each client
would take longer than what most of them ask.
"""
HINTS = frozenset({"queue.position"})
"""Events without a number."""
TERMINAL = frozenset({"job.succeeded", "job.failed", "job.cancelled", "job.expired"})
PATIENCE_S = 60.0
"""How long anything is waited for before the test fails; never a time that a test measures."""


# --- the processes ----------------------------------------------------------------------------------------


class Program(Server):
    """One process of the service."""

    def __init__(self, name: str, log: Path, words: list[str], environment: Mapping[str, str]) -> None:
        super().__init__(log)
        self.name = name
        self._words = words
        self._environment = {**bare_environment(), "PYTHONPATH": str(REPOSITORY), **environment}

    def start(self) -> None:
        if (forking := zygote(self._environment["PYTHONPATH"])).can_fork(self._words, self._environment):
            self._process = forking.fork(self._words, self._environment, self.log)
            return
        self._spawn([*until_parent_ends(signal.SIGTERM), sys.executable, *self._words], self._environment, {})

    def wait(self) -> int:
        """Wait for its end; the exit status."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    def send(self, number: signal.Signals) -> None:
        """Signal the process, and leave it to do what it does then."""
        os.kill(self.pid, number)


class Service:
    """Everything that `make run` starts, each as the process it is, on ports of its own.

    Where few runs need the packages for data, a sandbox without them in store is there sooner: `preload`.
    """

    def __init__(
        self, folder: Path, database_url: str, redis_url: str, *, preload: bool = True, **settings: str
    ) -> None:
        self.folder = folder
        self.programs: dict[str, Program] = {}
        self.sandbox_port, self.api_port = free_port(), free_port()
        credentials = folder / "sandbox.json"
        credentials.touch(mode=0o600)
        credentials.write_text(json.dumps({"access_key_id": "AKIDTESTS", "secret_access_key": secrets.token_hex(16)}))
        self.environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "ACI_PORT": str(self.api_port),
            "ACI_SANDBOX_ENDPOINT": f"http://127.0.0.1:{self.sandbox_port}",
            "ACI_SANDBOX_CREDENTIALS_FILE": str(credentials),
            "ACI_MODELS": "demo:",
            "ACI_LOG_LEVEL": "INFO",
            **settings,
        }
        self.sandbox_environment = {
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_CREDENTIALS_FILE": str(credentials),
            "SANDBOX_PYTHON": str(SANDBOX_PYTHON),
            "SANDBOX_GRACE_SECONDS": "4",
            "SANDBOX_MEMORY_MB": "1024",
            "SANDBOX_PRELOAD": str(preload).lower(),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def start(self, pools: tuple[str, ...] = POOLS) -> None:
        """Start all programs, and return when `/readyz` says that every part is well; or, with other pools of workers,
        when each of these is there.
        """
        migrations = self.run("migrations", "-m", "migrations")
        if migrations.wait() != 0:
            raise AssertionError(f"the migrations failed:\n{tail(migrations.log, 40)}")
        del self.programs["migrations"]
        self.run_sandbox()
        self.run("dispatcher", "-m", "workers.dispatcher")
        for pool in pools:
            self.run_worker(pool, pool)
        self.run("api", "-m", "api")
        if pools == POOLS:
            self.wait_until_ready()
        else:
            self.wait_until("each pool has its worker", lambda: self._served(pools))

    def run(self, name: str, *words: str, environment: Mapping[str, str] | None = None) -> Program:
        """Start a program under a name that is free."""
        assert name not in self.programs
        program = Program(name, self.folder / f"{name}.log", list(words), {**self.environment, **(environment or {})})
        self.programs[name] = program
        program.start()
        return program

    def run_sandbox(self, **settings: str) -> Program:
        """Start the sandbox server, on the address that the workers know."""
        return self.run("sandbox", "-m", "sandbox", environment={**self.sandbox_environment, **settings})

    def run_worker(self, name: str = "execute", pool: str = "execute", **settings: str) -> Program:
        """Start a worker process of a pool."""
        return self.run(name, "-m", "workers", "--pool", pool, environment=settings)

    def kill(self, name: str) -> None:
        """Kill a program and forget it."""
        self.programs.pop(name).kill()

    def stop(self, name: str) -> None:
        """Stop a program as an operator would, and forget it."""
        self.programs.pop(name).stop()

    def readiness(self) -> dict[str, Any]:
        """What `/readyz` says now; empty while nobody listens."""
        try:
            document: dict[str, Any] = httpx.get(f"{self.url}/readyz", timeout=10, **PLAIN).json()
        except (httpx.HTTPError, ValueError):
            return {}
        return document

    def wait_until_ready(self) -> None:
        """Wait until every part is well."""
        self.wait_until("the service is ready", lambda: self.readiness().get("status") == "ready")

    def _served(self, pools: tuple[str, ...]) -> bool:
        try:
            listed = httpx.get(f"{self.url}/v1/agents", timeout=10, **PLAIN).json()["items"]
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        return {agent["pool"] for agent in listed if agent["workers"]} >= set(pools)

    def wait_until(self, what: str, so: Callable[[], bool]) -> None:
        """Wait for something. A program that ends meanwhile fails the test with its log."""
        give_up_at = time.monotonic() + PATIENCE_S
        while not so():
            for program in self.programs.values():
                if not program.running:
                    raise AssertionError(f"{program.name} ended while starting:\n{tail(program.log, 40)}")
            if time.monotonic() > give_up_at:
                raise AssertionError(f"not so: {what}; /readyz says {self.readiness()}\n{self.logs()}")
            pause_between_looks()

    def shut_down(self) -> None:
        """Ask all to stop, then wait for each."""
        for program in self.programs.values():
            program.resume()
            if program.running:
                program.send(signal.SIGTERM)
        for program in self.programs.values():
            program.stop()

    def logs(self) -> str:
        """The end of every program's log."""
        return "\n".join(f"--- {log.stem}\n{tail(log, 25)}" for log in sorted(self.folder.glob("*.log")))


# --- the contract -----------------------------------------------------------------------------------------

EVENT: TypeAdapter[Any] = TypeAdapter(JobEvent)


def names_of(model: type[BaseModel]) -> set[str]:
    """The fields of a model as they are spelled in JSON."""
    return {field.alias or name for name, field in model.model_fields.items()}


def hold_to_contract(event: dict[str, Any]) -> None:
    """An event has the fields of its type and no others."""
    model = EVENT.validate_python(event)
    unknown = set(event) - names_of(type(model))
    assert not unknown, f"{event['type']} has fields that the contract does not know: {unknown}"
    if event["type"] in TERMINAL:
        hold_job_to_contract(event["job"])


def hold_job_to_contract(job: dict[str, Any]) -> None:
    """A job has the fields of a JobView, and a result of its agent's form."""
    JobView.model_validate(job)
    assert set(job) == names_of(JobView)
    # Agents of packages that are installed for a service alone are not known here.
    if job["state"] == "succeeded" and job["agent"] in agents():
        result_model = agents()[job["agent"]].result_model
        result_model.model_validate(job["result"])
        assert set(job["result"]) == names_of(result_model)


# --- the client -------------------------------------------------------------------------------------------


async def server_sent(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, str]]:
    """The blocks of an event stream (WHATWG HTML, 9.2.6), comments left out."""
    block: dict[str, str] = {}
    async for line in lines:
        if not line:
            if "data" in block:
                yield block
            block = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            block[name] = f"{block[name]}\n{value}" if name == "data" and name in block else value


class Client:
    """What a program that uses the API would write, with every answer checked."""

    def __init__(self, service_url: str) -> None:
        self.url = service_url
        self.http = httpx.AsyncClient(base_url=service_url, timeout=PATIENCE_S, **PLAIN)

    async def session(self, title: str = "") -> str:
        """A new session's id."""
        answer = await self.http.post("/v1/sessions", json={"title": title})
        assert answer.status_code == 201, answer.text
        created: str = answer.json()["id"]
        return created

    async def submit(self, agent: str, input_: Mapping[str, Any], **wanted: Any) -> dict[str, Any]:
        """Submit a job that must be accepted."""
        answer = await self.http.post("/v1/jobs", json={"agent": agent, "input": dict(input_), **wanted})
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        hold_job_to_contract(job)
        return job

    async def execute(self, code: str, session_id: str | None = None, **input_: Any) -> dict[str, Any]:
        """Submit a program."""
        return await self.submit("execute", {"code": code, **input_}, session_id=session_id)

    async def ran(self, code: str, session_id: str | None = None, **input_: Any) -> dict[str, Any]:
        """Run a program to its end, however it ends."""
        return await self.ended((await self.execute(code, session_id, **input_))["id"])

    async def printed(self, code: str, session_id: str | None = None, **input_: Any) -> str:
        """What a program that must succeed prints."""
        job = await self.ran(code, session_id, **input_)
        assert job["state"] == "succeeded", job["error"]
        text: str = job["result"]["stdout"]
        return text

    async def job(self, job_id: str) -> dict[str, Any]:
        """The job as it is now."""
        answer = await self.http.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        hold_job_to_contract(job)
        return job

    async def ended(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        answer = await self.http.get(f"/v1/jobs/{job_id}", params={"wait": PATIENCE_S - 5})
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        hold_job_to_contract(job)
        assert job["finished_at"], f"the job did not end: {job}"
        return job

    async def stream(self, job_id: str, after: int | None = None) -> AsyncIterator[dict[str, Any]]:
        """The job's events as they come, until the server closes."""
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        expected = (after or 0) + 1
        async with self.http.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            async with contextlib.aclosing(server_sent(answer.aiter_lines())) as blocks:  # type: ignore[type-var]
                async for block in blocks:
                    event = json.loads(block["data"])
                    assert block["event"] == event["type"]
                    if event["type"] in HINTS:
                        assert "id" not in block
                        continue
                    assert event["job_id"] == job_id
                    assert block["id"] == str(event["seq"]) == str(expected)
                    expected += 1
                    hold_to_contract(event)
                    yield event

    async def events(self, job_id: str, after: int | None = None) -> list[dict[str, Any]]:
        """All events up to the end: numbered without a gap, and the last of them terminal."""
        events = [event async for event in self.stream(job_id, after)]
        assert events[-1]["type"] in TERMINAL
        assert [event["type"] in TERMINAL for event in events].count(True) == 1
        return events

    async def until(self, job_id: str, wanted: str, text: str = "") -> list[dict[str, Any]]:
        """The events up to the first of a type (whose text has `text` in it)."""
        seen = []
        async with contextlib.aclosing(self.stream(job_id)) as stream:  # type: ignore[type-var]
            async for event in stream:
                seen.append(event)
                if event["type"] == wanted and text in event.get("text", ""):
                    return seen
        raise AssertionError(f"{job_id} ended without {wanted} {text!r}: {types(seen)}")


def types(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """The types of events, in order."""
    return [event["type"] for event in events]


def text_of(events: Iterable[Mapping[str, Any]], stream: str = "stdout") -> str:
    """What a stream's events say together."""
    return "".join(event["text"] for event in events if event["type"] == stream)


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """The problem of an error answer, which must be one as RFC 9457 and API.md have it."""
    assert answer.headers["content-type"] == "application/problem+json", (answer.status_code, answer.text[:300])
    problem: dict[str, Any] = answer.json()
    more = {"errors"} if answer.status_code == 422 else {"limit", "whose"} if answer.status_code == 429 else set()
    assert set(problem) - more == {"type", "title", "status", "detail", "instance", "request_id"}
    assert problem["type"].startswith("/problems/")
    assert problem["status"] == answer.status_code
    assert unquote(problem["instance"]) == unquote(answer.request.url.raw_path.partition(b"?")[0].decode())
    assert problem["request_id"] and problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"] and problem["detail"]
    assert "Traceback" not in answer.text
    if answer.status_code == 422:
        assert problem["errors"]
        assert all(set(error) == {"pointer", "detail"} for error in problem["errors"])
    return problem
