"""What tests of streams use: an API process that can be taken away, and a stand-in for workers that can die at will."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from job_life import Life
from services import EVENT, PATIENCE_S, PLAIN, TERMINAL, Client, Program, names_of, server_sent

from core.events.publisher import Publisher
from core.ids import Prefix, encode
from core.jobs.lease import Claim
from core.jobs.states import State
from embedded.ports import free_port


class Api:
    """An API process that can be started again on the same port."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.port = free_port()
        self.program: Program
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {**self._environment, "ACI_PORT": str(self.port)}
        self.program = Program("api", self._folder / "api.log", ["-m", "api"], environment)
        self.program.start()

    async def ready(self) -> None:
        """Until it answers."""

        async def answers() -> bool:
            with contextlib.suppress(httpx.TransportError):
                async with httpx.AsyncClient(**PLAIN) as http:
                    return (await http.get(f"{self.url}/healthz")).status_code == 200
            return False

        await until(answers)


@dataclass
class Worker:
    """In place of a worker process: writes as one, and publishes, or dies before it does."""

    life: Life
    publisher: Publisher
    silent: bool = False
    """Commit, and die before anything is published."""
    claims: dict[UUID, Claim] = field(default_factory=dict)

    async def running(self, **wanted: Any) -> Claim:
        claim = await self.life.running(**wanted)
        self.claims[claim.id] = claim
        if not self.silent:
            self.publisher.events([claim.running])
        return claim

    async def say(self, claim: Claim, *texts: str) -> None:
        written = await self.life.say(claim, *texts)
        if not self.silent:
            self.publisher.events(written)

    async def end(self, claim: Claim, state: State = State.SUCCEEDED) -> None:
        seq = await self.life.end(claim, state)
        assert seq is not None
        if not self.silent:
            self.publisher.moved(claim.id, seq)


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for a condition, and give what it found."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await condition()):  # noqa: ASYNC110  (it looks at other processes)
            await asyncio.sleep(0.02)
        return found


def job_name(claim: Claim) -> str:
    return encode(Prefix.JOB, claim.id)


def session_name(session_id: UUID) -> str:
    return encode(Prefix.SESSION, session_id)


async def blocks(
    client: Client, path: str, last_event_id: str | None = None, **params: str
) -> AsyncIterator[dict[str, Any]]:
    """The blocks of a stream, each with its parsed data under `json`."""
    headers = {"Accept": "text/event-stream"} | ({} if last_event_id is None else {"Last-Event-ID": last_event_id})
    async with client.http.stream("GET", path, headers=headers, params=params) as answer:
        assert answer.status_code == 200, await answer.aread()
        async with contextlib.aclosing(server_sent(answer.aiter_lines())) as found:  # type: ignore[type-var]
            async for block in found:
                yield {**block, "json": json.loads(block["data"])}


def hold_numbered_to_contract(event: dict[str, Any]) -> None:
    """As `hold_to_contract`, for agents that nobody knows."""
    model = EVENT.validate_python(event)
    assert not set(event) - names_of(type(model))
    assert (event["type"] in TERMINAL) == ("job" in event)


async def taken(client: Client, path: str, stop: Any, last: str | None = None, **params: str) -> list[dict[str, Any]]:
    """The blocks up to the first for which `stop` holds."""
    seen = []
    async with contextlib.aclosing(blocks(client, path, last, **params)) as stream:  # type: ignore[type-var]
        async for block in stream:
            seen.append(block)
            if stop(block):
                return seen
    raise AssertionError(f"the stream ended: {[block['event'] for block in seen]}")


def numbered(found: list[dict[str, Any]]) -> dict[str, list[int]]:
    """The numbers that came of each job, in order."""
    jobs: dict[str, list[int]] = {}
    for block in found:
        if "seq" in block["json"]:
            hold_numbered_to_contract(block["json"])
            jobs.setdefault(block["json"]["job_id"], []).append(block["json"]["seq"])
    return jobs


async def until_count(client: Client, path: str, count: int, last: str | None = None) -> list[dict[str, Any]]:
    """So many numbered events."""
    seen: list[dict[str, Any]] = []
    if not count:
        return seen
    async with contextlib.aclosing(blocks(client, path, last)) as stream:  # type: ignore[type-var]
        async for block in stream:
            if "seq" in block["json"]:
                assert block["id"]
                seen.append(block)
                if len(seen) == count:
                    return seen
    raise AssertionError("the stream ended")
