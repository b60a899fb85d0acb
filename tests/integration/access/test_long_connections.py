"""Streams and WebSockets: who may open one, and that a key which ends takes them along."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from houses import House
from job_life import Life
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from api.access.lookup import FRESH_S
from api.access.middleware import Authentication
from api.guards import Guards
from core.ids import Prefix, encode
from core.settings import Settings


class Call:
    """One call of an ASGI application, by hand: what it sends can be waited for, and what it receives is ours."""

    def __init__(self, app: Any, scope: dict[str, Any]) -> None:
        self.sent: list[dict[str, Any]] = []
        self._some = asyncio.Condition()
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task = asyncio.create_task(app(scope, self._incoming.get, self._send))

    def give(self, **message: Any) -> None:
        self._incoming.put_nowait(message)

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._some:
            self.sent.append(message)
            self._some.notify_all()

    async def answered(self) -> None:
        """Wait for the first message."""
        async with asyncio.timeout(60), self._some:
            await self._some.wait_for(lambda: self.sent)

    async def until(self, kind: str, holding: bytes = b"") -> dict[str, Any]:
        """The first message of that kind, with these bytes in its body."""

        def found() -> dict[str, Any] | None:
            return next((one for one in self.sent if one["type"] == kind and holding in one.get("body", b"")), None)

        async with asyncio.timeout(60), self._some:
            await self._some.wait_for(lambda: found() is not None)
        message = found()
        assert message is not None
        return message


def scope(kind: str, path: str, **headers: str) -> dict[str, Any]:
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http" if kind == "http" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in ({"Host": "localhost"} | headers).items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "subprotocols": [],
        "extensions": {},
        "state": {},
    }


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found out about a credential is old from now on."""
    now = time.monotonic() + FRESH_S + 1
    monkeypatch.setattr("api.access.middleware.monotonic", lambda: now)


async def following(house: House, life: Life, key: dict[str, Any]) -> tuple[Call, Any]:
    """A stream of a running job's events, which has begun."""
    claim = await life.running()
    path = f"/v1/jobs/{encode(Prefix.JOB, claim.id)}/events"
    call = Call(house.app, scope("http", path, Authorization=f"Bearer {key['secret']}"))
    call.give(type="http.request", body=b"", more_body=False)
    await call.until("http.response.body", b"job.running")
    return call, claim


async def test_a_stream_ends_with_its_key(house: House, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await house.key()
    call, claim = await following(house, life, key)
    await house.as_admin("POST", f"/keys/{key['id']}/revoke", 200)
    later(monkeypatch)
    await life.say(claim, "said after the key was revoked")
    async with asyncio.timeout(60):
        await call.task
    assert call.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert not [one for one in call.sent if b"after the key was revoked" in one.get("body", b"")]


async def test_a_stream_goes_on_with_a_key_that_is_still_good(
    house: House, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, claim = await following(house, life, await house.key())
    later(monkeypatch)
    await life.say(claim, "said later")
    await call.until("http.response.body", b"said later")
    await life.end(claim)
    await call.until("http.response.body", b"job.succeeded")
    async with asyncio.timeout(60):
        await call.task


# --- WebSockets -------------------------------------------------------------------------------------------


heard: list[str] = []


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        heard.append(text)
        await socket.send_text(text)


@pytest.fixture
def sockets(house: House) -> Starlette:
    """An application with a WebSocket, behind the same doors."""
    app = Starlette(routes=[WebSocketRoute("/v1/echo", echo)])
    app.state.gate = house.app.state.gate
    app.add_middleware(Authentication)
    app.add_middleware(Guards, settings=Settings())
    return app


async def opened(sockets: Starlette, **headers: str) -> Call:
    call = Call(sockets, scope("websocket", "/v1/echo", **headers))
    call.give(type="websocket.connect")
    await call.answered()
    return call


async def closed(call: Call) -> None:
    call.give(type="websocket.disconnect", code=1000)
    async with asyncio.timeout(60):
        await call.task


OWN = {"Origin": "http://localhost"}


async def test_a_program_opens_one_with_its_key(house: House, sockets: Starlette) -> None:
    call = await opened(sockets, Authorization=f"Bearer {house.admin_key}")
    assert call.sent[0]["type"] == "websocket.accept"
    call.give(type="websocket.receive", text="hello")
    assert (await call.until("websocket.send"))["text"] == "hello"
    await closed(call)


@pytest.mark.parametrize("headers", [{}, OWN, {"Authorization": "Bearer aci_none"}], ids=str)
async def test_nobody_opens_one(headers: dict[str, str], sockets: Starlette) -> None:
    assert (await opened(sockets, **headers)).sent[0]["type"] == "websocket.close"


async def test_a_handshake_that_is_refused_is_told_why(sockets: Starlette) -> None:
    able = scope("websocket", "/v1/echo") | {"extensions": {"websocket.http.response": {}}}
    call = Call(sockets, able)
    call.give(type="websocket.connect")
    started = await call.until("websocket.http.response.start")
    assert started["status"] == 401
    assert (b"www-authenticate", b"Bearer") in started["headers"]
    assert b"/problems/unauthorized" in (await call.until("websocket.http.response.body"))["body"]


async def test_the_page_opens_one_with_its_cookie_and_no_other_page_does(house: House, sockets: Starlette) -> None:
    async with house.page(house.admin_key) as (browser, _):
        cookie = {"Cookie": f"aci_session={browser.cookies['aci_session']}"}
    call = await opened(sockets, **cookie, **OWN)
    assert call.sent[0]["type"] == "websocket.accept"
    await closed(call)
    for foreign in ({"Origin": "http://localhost:3000"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        call = await opened(sockets, **cookie, **foreign)
        assert call.sent[0]["type"] == "websocket.close", foreign


async def test_one_ends_with_its_key(house: House, sockets: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await house.key()
    call = await opened(sockets, Authorization=f"Bearer {key['secret']}")
    await house.as_admin("POST", f"/keys/{key['id']}/revoke", 200)
    later(monkeypatch)
    call.give(type="websocket.receive", text="said after the key was revoked")
    assert (await call.until("websocket.close"))["code"] == 1008
    async with asyncio.timeout(60):
        await call.task
    assert not [one for one in call.sent if one["type"] == "websocket.send"]
    assert "said after the key was revoked" not in heard, "nor was it done"
