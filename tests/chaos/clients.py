"""Clients as there are in life: they submit over any API, repeat requests, change their minds, follow what happens and
come back when the connection breaks. All that they were told is written down, byte for byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.services import TERMINAL, server_sent

AGAIN_AFTER_S = 0.2
"""Before a request is repeated, or a stream opened again."""
STREAMS_AT_ONCE = 150
MANY_ATTEMPTS = 10
"""What a job needs here so that the faults around it cannot use its attempts up."""


@dataclass
class Accepted:
    """A job that was answered 202."""

    id: str
    kind: str
    wanted: dict[str, Any]
    place: int | None = None
    """Its number among the jobs that one client submitted to one session, one after the other."""


@dataclass
class Watch:
    """One client that follows one job, over as many connections as it takes."""

    job_id: str
    seen: list[tuple[int, str]] = field(default_factory=list)
    """Every numbered event: its number and its JSON as it came."""
    reconnects: int = 0
    ended: bool = False
    """It saw a terminal event, and the server closed the stream after it."""

    @property
    def last(self) -> int:
        """The number it would resume from."""
        return self.seen[-1][0] if self.seen else 0


@dataclass
class Record:
    """All that the clients saw together."""

    accepted: dict[str, Accepted] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    """The jobs that were named in answers to each idempotency key."""
    watches: list[Watch] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Answers that no client should get, whatever is broken behind."""


class Clients:
    """Any number of clients over one pool of connections, drawing from one seeded source of chance."""

    def __init__(self, urls: Sequence[str], chance: random.Random) -> None:
        self.record = Record()
        self._urls = urls
        self._chance = chance
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(20, connect=5),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=10),
        )
        self._streams = asyncio.Semaphore(STREAMS_AT_ONCE)
        self._follows: set[asyncio.Task[None]] = set()
        self._number = 0

    async def close(self) -> None:
        """Break off whatever is still open."""
        for follow in self._follows:
            follow.cancel()
        await asyncio.gather(*self._follows, return_exceptions=True)
        await self._http.aclose()

    async def all_followed(self) -> None:
        """Wait for every stream to reach its end."""
        while self._follows:
            await asyncio.wait(self._follows)

    # --- submitting -----------------------------------------------------------------------------------------

    async def submit(
        self,
        kind: str,
        agent: str,
        input_: Mapping[str, Any],
        *,
        keyed: bool = False,
        place: int | None = None,
        **more: Any,
    ) -> str | None:
        """Submit a job and have it followed. None when nobody said that it was accepted."""
        wanted = {"agent": agent, "input": dict(input_), "max_attempts": MANY_ATTEMPTS} | more
        if not keyed:
            answer = await self._post("/v1/jobs", wanted)
            if answer is None:
                self.record.counts["submits of unknown fate"] += 1
                return None
            return self._note(kind, wanted, answer, place)
        self._number += 1
        key = f"key-{self._number}"
        wanted["metadata"] = {"key": key}
        # Several at once, and one more when all is long settled.
        answers = await asyncio.gather(*(self._insist(wanted, key) for _ in range(self._chance.choice([1, 2, 3]))))
        answers.append(await self._insist(wanted, key))
        ids = [self._note(kind, wanted, answer, place) for answer in answers]
        self.record.keys[key] = [job_id for job_id in ids if job_id is not None]
        return ids[0]

    async def session(self) -> str:
        """A new session's id."""
        while True:
            answer = await self._post("/v1/sessions", {"title": "chaos"})
            if answer is not None and answer.status_code == 201:
                created: str = answer.json()["id"]
                return created

    async def cancel(self, job_id: str) -> None:
        """Ask for a cancel until somebody answers."""
        while (answer := await self._post(f"/v1/jobs/{job_id}/cancel", None)) is None:
            pass
        self.record.counts[f"cancel answered {answer.status_code}"] += 1

    async def _insist(self, wanted: dict[str, Any], key: str) -> httpx.Response:
        while (answer := await self._post("/v1/jobs", wanted, {"Idempotency-Key": key})) is None:
            self.record.counts["requests repeated under their key"] += 1
        return answer

    async def _post(
        self, path: str, body: dict[str, Any] | None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response | None:
        """None, after a moment, where there was no answer or one that says to come back."""
        try:
            answer = await self._http.post(self._chance.choice(self._urls) + path, json=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(AGAIN_AFTER_S)
            return None
        if answer.status_code == 503:
            self.record.counts["answers 503"] += 1
            await asyncio.sleep(AGAIN_AFTER_S)
            return None
        if answer.status_code >= 500 or answer.status_code in (400, 404, 422):
            self.record.wrong.append(f"{answer.status_code} for POST {path}: {answer.text[:300]}")
            await asyncio.sleep(AGAIN_AFTER_S)
            return None
        return answer

    def _note(self, kind: str, wanted: dict[str, Any], answer: httpx.Response, place: int | None) -> str | None:
        if answer.status_code != 202:
            self.record.counts[f"submit answered {answer.status_code}"] += 1
            return None
        job_id: str = answer.json()["id"]
        if job_id not in self.record.accepted:
            self.record.accepted[job_id] = Accepted(job_id, kind, wanted, place)
            for _ in range(2 if self._chance.random() < 0.2 else 1):
                follow = asyncio.create_task(self._follow(job_id), name=job_id)
                self._follows.add(follow)
                follow.add_done_callback(self._follows.discard)
        return job_id

    # --- following ------------------------------------------------------------------------------------------

    async def _follow(self, job_id: str) -> None:
        watch = Watch(job_id)
        self.record.watches.append(watch)
        leaves_after = self._chance.choice([None, None, 1, 3, 7])
        while not watch.ended:
            try:
                async with self._streams:
                    terminal = await self._stream(watch, leaves_after)
                if terminal:
                    watch.ended = await self._is_over(watch)
                    return
            except httpx.TransportError:
                pass  # an API went away in mid-stream
            watch.reconnects += 1
            leaves_after = None if leaves_after is None or watch.reconnects > 3 else leaves_after
            await asyncio.sleep(AGAIN_AFTER_S * self._chance.random())

    async def _stream(self, watch: Watch, leaves_after: int | None) -> bool:
        """Read one connection to its end, or leave early. True when the terminal event came and the server closed."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": str(watch.last)} if watch.seen else {})
        url = f"{self._chance.choice(self._urls)}/v1/jobs/{watch.job_id}/events"
        terminal = False
        came = 0
        async with self._http.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 503:
                await asyncio.sleep(AGAIN_AFTER_S)
                return False
            if answer.status_code != 200:
                await answer.aread()
                self.record.wrong.append(f"{answer.status_code} for the events of {watch.job_id}: {answer.text[:300]}")
                await asyncio.sleep(AGAIN_AFTER_S)
                return False
            async with contextlib.aclosing(server_sent(answer.aiter_lines())) as blocks:  # type: ignore[type-var]
                async for block in blocks:
                    if "id" not in block:
                        continue  # a hint
                    if terminal:
                        self.record.wrong.append(f"{watch.job_id}: an event after the terminal one")
                    watch.seen.append((int(block["id"]), block["data"]))
                    terminal = block["event"] in TERMINAL
                    came += 1
                    if came == leaves_after and not terminal:
                        return False
        return terminal

    async def _is_over(self, watch: Watch) -> bool:
        """A client that comes back with the terminal number is told that there is nothing more."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(watch.last)}
        while True:
            url = f"{self._chance.choice(self._urls)}/v1/jobs/{watch.job_id}/events"
            with contextlib.suppress(httpx.TransportError):
                answer = await self._http.get(url, headers=headers)
                if answer.status_code == 204:
                    return True
                if answer.status_code != 503:
                    self.record.wrong.append(f"{watch.job_id}: {answer.status_code} after its last event")
                    return False
            await asyncio.sleep(AGAIN_AFTER_S)


# --- what there is to do ----------------------------------------------------------------------------------------


async def busy_day(clients: Clients, chance: random.Random, until: asyncio.Event, customers: int) -> None:
    """Customers with all sorts of wishes, until it is over."""

    async def customer() -> None:
        while not until.is_set():
            await chance.choices(WISHES, WEIGHTS)[0](clients, chance)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(0.1, 1.0)):
                    await until.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(customers):
            group.create_task(customer())


def _steps(chance: random.Random, most: int = 12, longest_s: float = 0.3) -> dict[str, Any]:
    return {"steps": chance.randint(1, most), "pause_s": round(chance.uniform(0, longest_s), 3)}


async def _one(clients: Clients, chance: random.Random) -> None:
    keeps = chance.random() < 0.3
    await clients.submit("one", "steps", {**_steps(chance), "keeps": keeps}, priority=chance.randint(0, 9))


async def _one_with_a_key(clients: Clients, chance: random.Random) -> None:
    await clients.submit("keyed", "steps", _steps(chance, 5), keyed=True)


async def _a_heap(clients: Clients, chance: random.Random) -> None:
    await asyncio.gather(
        *(
            clients.submit("heap", "steps", _steps(chance, 3, 0.05), lane="batch", priority=chance.randint(0, 9))
            for _ in range(chance.randint(10, 30))
        )
    )


async def _a_conversation(clients: Clients, chance: random.Random) -> None:
    session = await clients.session()
    for place in range(chance.randint(3, 7)):
        await clients.submit(
            "in a session",
            chance.choice(["talk", "work", "work", "both"]),
            {**_steps(chance, 4, 0.15), "keeps": True},
            keyed=chance.random() < 0.2,
            place=place,
            session_id=session,
        )


async def _a_session_in_a_hurry(clients: Clients, chance: random.Random) -> None:
    session = await clients.session()
    for place in range(4):
        on_busy = chance.choice(["enqueue", "reject", "interrupt"])
        await clients.submit(
            "in a hurry",
            chance.choice(["talk", "work", "both"]),
            _steps(chance, 6, 0.3),
            place=place,
            session_id=session,
            on_busy=on_busy,
        )
        await asyncio.sleep(chance.uniform(0, 0.4))


async def _changed_mind(clients: Clients, chance: random.Random) -> None:
    session = await clients.session() if chance.random() < 0.3 else None
    agent = "work" if session else "steps"
    job_id = await clients.submit("cancelled", agent, {"steps": 40, "pause_s": 0.25}, session_id=session)
    if job_id is not None:
        await asyncio.sleep(chance.uniform(0, 2))
        await clients.cancel(job_id)


async def _later(clients: Clients, chance: random.Random) -> None:
    run_at = datetime.now(UTC) + timedelta(seconds=chance.uniform(0.5, 4))
    session = await clients.session() if chance.random() < 0.5 else None
    agent = "talk" if session else "steps"
    await clients.submit("later", agent, _steps(chance, 3), run_at=run_at.isoformat(), session_id=session)
    if session:
        await clients.submit("before the later one", agent, _steps(chance, 3), session_id=session)


async def _in_time_or_never(clients: Clients, chance: random.Random) -> None:
    await clients.submit(
        "with a deadline", "steps", {"steps": 10, "pause_s": 0.2}, deadline_s=round(chance.uniform(0.3, 4), 2)
    )


async def _fails(clients: Clients, chance: random.Random) -> None:
    await clients.submit("failure", "steps", {**_steps(chance, 6), "fails": "failure"})


async def _breaks_once(clients: Clients, chance: random.Random) -> None:
    await clients.submit("fault once", "steps", {**_steps(chance, 6), "fails": "fault", "times": 1})


async def _breaks_always(clients: Clients, chance: random.Random) -> None:
    await clients.submit("fault always", "steps", {**_steps(chance, 3), "fails": "fault"}, max_attempts=2)


async def _hangs(clients: Clients, chance: random.Random) -> None:
    await clients.submit("hang", "steps", {"steps": 2, "fails": "hang"}, deadline_s=1.0)


async def kills_once(clients: Clients, chance: random.Random) -> None:
    """A job that ends its worker's process on its first attempt."""
    await clients.submit("kill once", "steps", {**_steps(chance, 4), "fails": "kill", "times": 1})


async def poison(clients: Clients, chance: random.Random) -> None:
    """A job that ends its worker's process whenever it runs."""
    await clients.submit("poison", "steps", {**_steps(chance, 4), "fails": "kill"}, max_attempts=2)


WISHES = [
    _one,
    _one_with_a_key,
    _a_heap,
    _a_conversation,
    _a_session_in_a_hurry,
    _changed_mind,
    _later,
    _in_time_or_never,
    _fails,
    _breaks_once,
    _breaks_always,
    _hangs,
]
WEIGHTS = [10, 5, 4, 6, 3, 3, 3, 2, 1, 2, 1, 1]
