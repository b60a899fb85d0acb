"""The WebSocket carries the same events as the streams do, and takes what is to be done."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from services import Client
from stream_rig import Api, Worker, blocks, job_name, session_name
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.ws.socket import MOST_SUBSCRIPTIONS
from core.ids import Prefix, encode, new_id
from core.jobs import questions

STEPS = {"agent": "steps", "input": {"steps": 1}}


class Talk:
    """A socket, and what came on it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, type_: str, **more: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, **more}))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(60):
            heard: dict[str, Any] = json.loads(await self.socket.recv())
        return heard

    async def ask(self, type_: str, **more: Any) -> dict[str, Any]:
        """Say something, and get the answer to it, past events and the ends of subscriptions, which may come before."""
        await self.say(type_, **more)
        while (heard := await self.hear())["type"] in ("event", "ended"):
            pass
        return heard


@contextlib.asynccontextmanager
async def talking(api: Api, **more: Any) -> AsyncIterator[Talk]:
    address = f"ws://127.0.0.1:{api.port}/v1/ws"
    async with connect(address, proxy=None, max_size=None, **more) as socket:
        yield Talk(socket)


@pytest_asyncio.fixture(loop_scope="session")
async def talk(api: Api) -> AsyncIterator[Talk]:
    async with talking(api) as made:
        yield made


async def test_a_job_is_submitted_and_followed_on_one_socket(talk: Talk, worker: Worker) -> None:
    accepted = await talk.ask("submit", request_id="r1", job=STEPS)
    assert (accepted["type"], accepted["request_id"]) == ("accepted", "r1")
    assert accepted["job"]["state"] == "queued"
    claim = await worker.running()
    name = job_name(claim)
    assert await talk.ask("subscribe", request_id="r2", job_id=name) == {
        "type": "subscribed",
        "request_id": "r2",
        "job_id": name,
    }
    await worker.say(claim, "one")
    await worker.end(claim)
    heard = [await talk.hear() for _ in range(5)]
    assert [one["event"]["seq"] for one in heard[:4]] == [int(one["id"]) for one in heard[:4]] == [1, 2, 3, 4]
    assert heard[3]["event"]["job"]["state"] == "succeeded"
    assert heard[4] == {"type": "ended", "job_id": name}


async def test_what_a_job_asks_is_answered_on_the_socket(talk: Talk, worker: Worker) -> None:
    claim = await worker.running()
    for request, more in (("q1", {"request": "q1"}), ("q2", {})):  # named, and whatever is asked
        assert await questions.ask(worker.life.pool, claim.held, request)
        said = await talk.ask("input", request_id=request, job_id=job_name(claim), text="Ada", **more)
        assert said == {"type": "answered", "request_id": request, "job_id": job_name(claim), "request": request}
        assert await questions.take(worker.life.pool, claim.held, request) == "Ada"
        refused = await talk.ask("input", job_id=job_name(claim), text="again")
        assert (refused["type"], refused["problem"]["status"]) == ("problem", 409)
    await worker.end(claim)


async def test_it_says_what_the_stream_says(talk: Talk, client: Client, worker: Worker) -> None:
    """Event by event; of a session, by ids that are as good for the one as for the other."""
    session_id = await worker.life.session()
    claim = await worker.running(session_id=session_id)
    await worker.say(claim, "one")
    await worker.end(claim)
    name = session_name(session_id)
    await talk.say("subscribe", session_id=name)
    heard = []
    while len(heard) < 4:
        one = await talk.hear()
        if one["type"] == "event" and "seq" in one["event"]:
            assert one["session_id"] == name
            heard.append(one)
    streamed = []
    async for block in blocks(client, f"/v1/sessions/{name}/events"):
        if "seq" in block["json"]:
            streamed.append(block)
            if len(streamed) == 4:
                break
    assert [(one["id"], one["event"]) for one in heard] == [(block["id"], block["json"]) for block in streamed]
    await talk.ask("unsubscribe", session_id=name)
    await talk.say("subscribe", session_id=name, after=streamed[1]["id"])
    rest = []
    while len(rest) < 2:
        one = await talk.hear()
        if one["type"] == "event" and "seq" in one["event"]:
            rest.append(one["event"])
    assert rest == [block["json"] for block in streamed[2:]]


async def test_a_submit_that_is_sent_twice_happens_once(talk: Talk, worker: Worker) -> None:
    first = await talk.ask("submit", request_id="twice", job=STEPS)
    assert await talk.ask("submit", request_id="twice", job=STEPS) == first
    other = await talk.ask("submit", request_id="twice", job=STEPS | {"priority": 1})
    assert other["problem"]["type"] == "/problems/idempotency-key-reused"
    assert other["request_id"] == "twice"


async def test_a_key_holds_beyond_the_socket(api: Api) -> None:
    jobs = []
    for _ in range(2):
        async with talking(api) as talk:
            answer = await talk.ask("submit", request_id="any", idempotency_key="over-sockets", job=STEPS)
            jobs.append(answer["job"]["id"])
    assert jobs[0] == jobs[1]


async def test_a_job_is_cancelled(talk: Talk) -> None:
    job = (await talk.ask("submit", request_id="c", job=STEPS))["job"]
    await talk.ask("subscribe", job_id=job["id"])
    answer = await talk.ask("cancel", request_id="stop", job_id=job["id"])
    assert answer["type"] == "accepted"
    assert answer["job"]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("said", "slug", "pointer"),
    [
        ("{", "malformed-json", None),
        ("[]", "invalid-input", ""),
        ("null", "invalid-input", ""),
        ('{"type": "dance"}', "invalid-input", ""),
        ('{"type": "subscribe"}', "invalid-input", ""),
        ('{"type": "subscribe", "job_id": "job_x"}', "not-found", None),
        ('{"type": "subscribe", "session_id": "ses_x", "job_id": "job_x"}', "invalid-input", ""),
        ('{"type": "unsubscribe", "job_id": "job_x"}', "not-found", None),
        ('{"type": "cancel", "job_id": 1}', "invalid-input", "/job_id"),
        ('{"type": "submit", "job": {}}', "invalid-input", "/request_id"),
        (
            '{"type": "submit", "request_id": "r", "job": {"agent": "steps", "input": {"steps": -1}}}',
            "invalid-input",
            "/job/input/steps",
        ),
        ('{"type": "submit", "request_id": "r", "job": {"agent": "nobody", "input": {}}}', "invalid-input", "/job"),
        (b"\x00\xff", "malformed-json", None),
    ],
)
async def test_what_is_not_understood_is_a_problem_and_the_socket_goes_on(
    talk: Talk, said: str | bytes, slug: str, pointer: str | None
) -> None:
    await talk.socket.send(said)
    heard = await talk.hear()
    assert heard["type"] == "problem"
    problem = heard["problem"]
    assert problem["type"] == f"/problems/{slug}"
    assert 400 <= problem["status"] < 500
    assert problem["title"] and problem["detail"]
    if pointer is not None:
        assert problem["errors"][0]["pointer"] == pointer
    if '"request_id": "r"' in str(said):
        assert heard["request_id"] == "r"
    assert (await talk.ask("submit", request_id="still", job=STEPS))["type"] == "accepted"


async def test_subscriptions_have_a_limit(talk: Talk, worker: Worker) -> None:
    names = [encode(Prefix.JOB, await worker.life.submit()) for _ in range(MOST_SUBSCRIPTIONS + 1)]
    for name in names[:-1]:
        assert (await talk.ask("subscribe", job_id=name))["type"] == "subscribed"
    refused = await talk.ask("subscribe", job_id=names[-1])
    assert refused["problem"]["type"] == "/problems/too-many-subscriptions"
    assert (await talk.ask("unsubscribe", job_id=names[0]))["type"] == "unsubscribed"
    assert (await talk.ask("subscribe", job_id=names[-1]))["type"] == "subscribed"


async def test_a_message_that_is_too_long_ends_the_socket(api: Api) -> None:
    async with talking(api) as talk:
        with pytest.raises(ConnectionClosed) as closed:
            await talk.socket.send("x" * (6 * 1024 * 1024))
            await talk.hear()
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009


async def test_pages_of_other_origins_get_no_socket(api: Api) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with talking(api, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with talking(api, origin=api.url) as talk:
        assert (await talk.ask("submit", request_id="own", job=STEPS))["type"] == "accepted"


async def test_a_ping_is_answered(talk: Talk) -> None:
    assert await talk.ask("ping", request_id="there?") == {"type": "pong", "request_id": "there?"}


async def test_nobody_follows_what_is_not_there(talk: Talk) -> None:
    for name in (encode(Prefix.JOB, new_id()), encode(Prefix.SESSION, new_id())):
        kind = "job_id" if name.startswith("job") else "session_id"
        assert (await talk.ask("subscribe", **{kind: name}))["problem"]["status"] == 404


async def test_a_shutdown_tells_clients_to_come_back(api: Api, worker: Worker) -> None:
    claim = await worker.running()
    async with talking(api) as talk:
        await talk.ask("subscribe", job_id=job_name(claim))
        api.program.send(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await talk.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    await asyncio.to_thread(api.program.wait)
    api.start()
    await api.ready()
    async with talking(api) as talk:
        await talk.ask("subscribe", job_id=job_name(claim), after=1)
        assert (await talk.hear())["id"] == "2"
