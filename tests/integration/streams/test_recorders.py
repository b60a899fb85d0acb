"""Clients that break off at any moment and come back, while everything between them and the log is taken away, end up
with exactly what the log holds: over a job's stream, a session's stream, and a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import redis
from job_life import Life
from services import PLAIN, TERMINAL, server_sent
from stream_rig import Api, Worker, session_name
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from core.events import log
from core.ids import Prefix, decode, encode
from core.jobs.lease import Claim
from core.jobs.states import Holds, State
from embedded.redis import RedisServer

JOBS = 12
SEED = 20


@dataclass
class Recorder(ABC):
    """Writes down every numbered event as it came, and goes on after the last whenever the connection is gone."""

    api: Api
    chance: random.Random
    last: str | None = None
    seen: dict[str, list[str]] = field(default_factory=dict)
    """The lines that came of each job."""
    ended: set[str] = field(default_factory=set)
    connections: int = 0

    @abstractmethod
    def connection(self) -> AsyncIterator[tuple[str | None, str]]:
        """Ids and events of one connection."""

    def done(self) -> bool:
        """There is nothing more to wait for."""
        return len(self.ended) == JOBS

    async def record(self) -> None:
        """Until all jobs have ended, over as many connections as it takes."""
        while not self.done():
            self.connections += 1
            stay = self.chance.choice([0, 1, 3, 10, 1000])
            with contextlib.suppress(
                httpx.TransportError, WebSocketException, InvalidHandshake, OSError, TimeoutError, EOFError
            ):
                async with contextlib.aclosing(self.connection()) as coming:  # type: ignore[type-var]
                    async for id_, line in coming:
                        self.last = id_ or self.last
                        event = json.loads(line)
                        if "seq" in event:
                            self.seen.setdefault(event["job_id"], []).append(line)
                            if event["type"] in TERMINAL:
                                self.ended.add(event["job_id"])
                        stay -= 1
                        if stay < 0 or self.done():
                            break
            await asyncio.sleep(0.05)


@dataclass
class OfStream(Recorder):
    """Over server-sent events."""

    path: str = ""
    jobs: int = JOBS

    def done(self) -> bool:
        return len(self.ended) == self.jobs

    async def connection(self) -> AsyncIterator[tuple[str | None, str]]:
        headers = {} if self.last is None else {"Last-Event-ID": self.last}
        limits = httpx.Timeout(None, connect=2)
        async with (
            httpx.AsyncClient(base_url=self.api.url, timeout=limits, **PLAIN) as http,
            http.stream("GET", self.path, headers=headers) as answer,
        ):
            assert answer.status_code in (200, 204, 503), await answer.aread()
            if answer.status_code == 200:
                async for block in server_sent(answer.aiter_lines()):
                    yield block.get("id"), block["data"]


@dataclass
class OfSocket(Recorder):
    """Over a WebSocket."""

    session: str = ""

    async def connection(self) -> AsyncIterator[tuple[str | None, str]]:
        async with connect(
            f"ws://127.0.0.1:{self.api.port}/v1/ws", proxy=None, open_timeout=2, close_timeout=1
        ) as socket:
            await socket.send(json.dumps({"type": "subscribe", "session_id": self.session, "after": self.last}))
            async for message in socket:
                assert isinstance(message, str)
                told = json.loads(message)
                assert told["type"] in ("subscribed", "event") or told["problem"]["status"] == 503, told
                if told["type"] == "event":
                    yield told.get("id"), message[message.index('"event":', 10) + 8 : -1]


async def work(worker: Worker, session_id: UUID, chance: random.Random, over: asyncio.Event) -> list[UUID]:
    """Jobs that come, say things, are told of or not, and end; the last of them when the faults are over."""
    jobs: list[UUID] = []

    async def one(holds: Holds, count: int) -> None:
        mine = Worker(Life(worker.life.pool), worker.publisher)
        for number in range(count):
            claim: Claim = await mine.running(session_id=session_id, holds=holds)
            jobs.append(claim.id)
            rounds = 0
            while rounds < 10 or (number == count - 1 and not over.is_set()):
                rounds += 1
                mine.silent = chance.random() < 0.3
                await mine.say(claim, *[f"{rounds} " + "ä" * chance.randint(0, 300)] * chance.randint(1, 4))
                await asyncio.sleep(chance.uniform(0, 0.05))
            # Of the last one nobody is told: who is connected then, and hears of nothing after it, has to look.
            mine.silent = number == count - 1 or chance.random() < 0.3
            await mine.end(claim, chance.choice([State.SUCCEEDED, State.FAILED]))

    await asyncio.gather(one(Holds.SANDBOX, JOBS // 2), one(Holds.CONVERSATION, JOBS - JOBS // 2))
    return jobs


async def faults(api: Api, redis_server: RedisServer, chance: random.Random) -> None:
    """Take things away and give them back, each kind once."""
    kinds = ["flush", "freeze", "kill redis", "stop", "kill", "freeze api"]
    for kind in chance.sample(kinds, len(kinds)):
        if kind == "flush":
            with contextlib.closing(redis.Redis.from_url(redis_server.url)) as connection:
                await asyncio.to_thread(connection.flushall)
        elif kind == "freeze":
            redis_server.pause()
            await asyncio.sleep(chance.uniform(0.1, 0.4))
            redis_server.resume()
        elif kind == "kill redis":
            redis_server.kill()
            await asyncio.sleep(chance.uniform(0, 0.3))
            redis_server.start()
        elif kind == "freeze api":
            api.program.pause()
            await asyncio.sleep(chance.uniform(0.1, 0.3))
            api.program.resume()
        else:
            api.program.send(signal.SIGTERM if kind == "stop" else signal.SIGKILL)
            await asyncio.to_thread(api.program.wait)
            api.start()
            await api.ready()
        await asyncio.sleep(chance.uniform(0, 0.2))


async def test_whatever_is_taken_away_recorders_end_with_what_the_log_holds(
    api: Api, worker: Worker, stream_redis: RedisServer
) -> None:
    chance = random.Random(SEED)
    session_id = await worker.life.session()
    session = session_name(session_id)
    over = asyncio.Event()
    working = asyncio.create_task(work(worker, session_id, chance, over))
    path = f"/v1/sessions/{session}/events"
    recorders: list[Recorder] = [OfStream(api, random.Random(n), path=path) for n in range(3)]
    recorders += [OfSocket(api, random.Random(n), session=session) for n in range(3)]
    recording = [asyncio.create_task(recorder.record()) for recorder in recorders]
    first = await _first_job(worker, session_id)
    for number in range(3):
        one = OfStream(api, random.Random(number), path=f"/v1/jobs/{encode(Prefix.JOB, first)}/events", jobs=1)
        recorders.append(one)
        recording.append(asyncio.create_task(one.record()))
    await faults(api, stream_redis, chance)
    over.set()
    jobs = await working
    async with asyncio.timeout(60):
        await asyncio.gather(*recording)
    stored = {encode(Prefix.JOB, job_id): await _as_sent(worker, job_id) for job_id in jobs}
    assert sum(recorder.connections for recorder in recorders) > 3 * len(recorders)
    for recorder in recorders:
        for job, lines in recorder.seen.items():
            assert lines == stored[job], (recorder, job)
        assert set(recorder.seen) == (set(stored) if len(recorder.ended) > 1 else {encode(Prefix.JOB, first)})


async def _first_job(worker: Worker, session_id: UUID) -> UUID:
    find = "SELECT id FROM jobs WHERE session_id = $1 ORDER BY session_arrival LIMIT 1"
    while (found := await worker.life.pool.fetchval(find, session_id)) is None:  # noqa: ASYNC110  (only Postgres knows)
        await asyncio.sleep(0)
    return UUID(bytes=found.bytes)


async def _as_sent(worker: Worker, job_id: UUID) -> list[str]:
    """The log of a job, as streams carry it."""
    events = await log.read(worker.life.pool, job_id, 0, 10_000)
    job: Any = (await worker.life.job(job_id)).view()
    assert decode(Prefix.JOB, job["id"]) == job_id
    return [event.line(job if event.terminal else None) for event in events]
