"""Says of every request below `/v1/` who asks (`scope["principal"]`), and lets nobody past who must not be.

The page's own files, the sign-in, the OpenAPI document and the health checks stay open. What streams for long (events,
WebSockets) is looked at again every ten seconds when something is sent, so that a revoked key ends it too.
"""

from __future__ import annotations

import logging
from time import monotonic

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.gate import Gate
from api.access.lookup import FRESH_S
from api.guards import Refused, refuse
from api.problems import headers_for
from core.access.principal import NOBODY
from core.database.pool import AWAY
from core.errors import ServiceError, Unavailable

logger = logging.getLogger(__name__)

OPEN = frozenset({"/v1/sign-in", "/v1/openapi.json"})
"""Routes below /v1/ that ask nobody."""


def asks_who(path: str) -> bool:
    """Whether a request to that path needs a credential."""
    return path.startswith("/v1/") and path not in OPEN


class Ended(Exception):
    """The credential behind a stream is no longer good."""


class Everybody:
    """ASGI middleware for `ACI_AUTH=none`: whoever comes is the machine's one user."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["principal"] = NOBODY
        await self._app(scope, receive, send)


class Authentication:
    """ASGI middleware for `ACI_AUTH=keys`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not asks_who(scope["path"]):
            await self._app(scope, receive, send)
            return
        gate: Gate = scope["app"].state.gate
        try:
            scope["principal"] = gate.admit_at_once(scope) or await gate.admit(HTTPConnection(scope))
        except ServiceError as error:
            await _refuse(error, scope, receive, send)
            return
        except AWAY as error:
            logger.warning("Nobody can be let in, Postgres is away: %s", error)
            await _refuse(Unavailable("The database can't be reached. Try again."), scope, receive, send)
            return
        watch = _Watch(gate, scope, receive, send)
        try:
            await self._app(scope, watch.receive, watch.send)
        except* Ended:
            await watch.end(scope["type"])


class _Watch:
    """What a request receives and sends, with a look at its credential now and then.

    An answer that has a length runs to its end: it was allowed as a whole.
    """

    __slots__ = ("_gate", "_has_length", "_look_at", "_receive", "_scope", "_send")

    def __init__(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate = gate
        self._scope = scope
        self._receive = receive
        self._send = send
        self._look_at = monotonic() + FRESH_S
        self._has_length = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.receive":
            await self._look()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_length = any(name.lower() == b"content-length" for name, _ in message["headers"])
        elif not self._has_length:
            await self._look()
        await self._send(message)

    async def end(self, kind: str) -> None:
        """Close what was streamed; whoever reads it comes back and is told why."""
        if kind == "websocket":
            await self._send({"type": "websocket.close", "code": 1008, "reason": "The credential is no longer good."})
        else:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _look(self) -> None:
        if monotonic() < self._look_at:
            return
        try:
            await self._gate.admit(HTTPConnection(self._scope))
        except ServiceError as error:
            if not isinstance(error, Unavailable):
                raise Ended from None
        except AWAY:
            pass  # a database that is away ends no stream, and neither does an issuer
        self._look_at = monotonic() + FRESH_S


async def _refuse(error: ServiceError, scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in (headers_for(error) or {}).items()]
    await refuse(scope, receive, send, Refused(error.status, error.slug, error.detail, error.title), headers)
