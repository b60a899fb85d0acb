"""Keeps web sites from driving the service through a user's browser, and bodies from being larger than allowed.

Works before anything is parsed, on every request and WebSocket upgrade: the Host must be one of ours (DNS rebinding),
an unsafe request must not come from a foreign page (CSRF), and JSON routes take JSON only, which no form can send.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ServiceError, TooLarge
from core.ids import new_id
from core.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UPLOADS = re.compile(r"^/v1/sessions/[^/]+/files(/|$)")
"""Routes that take bytes or a form instead of JSON."""

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Refused(Exception):
    """A request that goes no further."""

    def __init__(
        self, status: int, slug: str, detail: str, title: str | None = None, members: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail = status, slug, detail
        self.title = title or HTTPStatus(status).phrase
        self.members = members or {}


class BodyTooLarge(HTTPException):
    """Raised while a body is read. Not a `ServiceError`, which the reading of a form or of JSON would take for a fault
    of the body's form.
    """

    def __init__(self, error: ServiceError) -> None:
        super().__init__(error.status, error.detail)
        self.error = error


PORT = re.compile(r":\d*$")


def host_name(host: str) -> str:
    """The name in a Host header or authority, without its port and in lower case."""
    return PORT.sub("", host).lower()


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by their names, which servers write in lower case; of one that comes twice, the last."""
    return dict(scope["headers"])


class Guards:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = frozenset(name.lower() for name in settings.allowed_hosts)
        self._origins = frozenset(origin.lower() for origin in settings.allowed_origins)
        self._json_limit = settings.max_request_bytes
        self._upload_limit = settings.max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope["request_id"] = f"req_{new_id().hex}"
        try:
            self._check(scope, headers_of(scope))
        except Refused as refused:
            await refuse(scope, receive, send, refused)
            return
        if scope["type"] == "http":
            limit = self._upload_limit if UPLOADS.match(scope["path"]) else self._json_limit
            receive = _counted(receive, limit)
            send = _with_headers(send, scope["request_id"])
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        twice = len(headers) < len(scope["headers"]) and [name for name, _ in scope["headers"]].count(b"host") > 1
        if twice or host_name(host) not in self._hosts:
            raise Refused(
                421, "host-not-allowed", "This service does not answer under that host name (ACI_ALLOWED_HOSTS)."
            )
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            raise Refused(400, "bad-request", "The address has a NUL character, which nothing here can be called by.")
        if scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS:
            self._check_origin(host, headers)
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            self._check_body(scope, headers)

    def _check_origin(self, host: str, headers: Mapping[bytes, bytes]) -> None:
        """Browsers name the page a request comes from; other clients have none, and no user's cookies either."""
        refused = Refused(403, "origin-not-allowed", "Pages of another origin may not do this (ACI_ALLOWED_ORIGINS).")
        if (given := headers.get(b"origin")) is not None:
            origin = given.decode("latin-1").lower()
            parts = urlsplit(origin)
            own = parts.scheme in ("http", "https") and parts.netloc == host.lower()
            if not own and origin not in self._origins:
                raise refused
        elif headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
            raise refused

    def _check_body(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        upload = UPLOADS.match(scope["path"]) is not None
        length = headers.get(b"content-length")
        if length is not None and not length.isdigit():
            raise Refused(400, "bad-request", "Content-Length is not a number.")
        limit = self._upload_limit if upload else self._json_limit
        if length is not None and int(length) > limit:
            error = TooLarge(f"The body is larger than {limit} bytes.")
            raise Refused(error.status, error.slug, error.detail, error.title)
        has_body = length not in (None, b"0") or b"transfer-encoding" in headers
        if has_body and not upload:
            kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if kind != b"application/json":
                raise Refused(415, "unsupported-media-type", "This route takes application/json only.")


def _counted(receive: Receive, limit: int) -> Receive:
    """Stop a body that names no length, or a false one, where it passes the limit."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge(TooLarge(f"The body is larger than {limit} bytes."))
        return message

    return counted


def _with_headers(send: Send, request_id: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name for name, _ in message["headers"]}
            wanted = (*SECURITY_HEADERS, (b"x-request-id", request_id.encode()))
            message["headers"] = [*message["headers"], *(one for one in wanted if one[0] not in there)]
        await send(message)

    return with_headers


async def refuse(
    scope: Scope, receive: Receive, send: Send, refused: Refused, more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer for the application, which is not asked. A WebSocket's handshake is answered as any request is."""
    prefix = ""
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": refused.detail})
            return
        prefix = "websocket."
    body = json.dumps(
        {
            "type": f"/problems/{refused.slug}",
            "title": refused.title,
            "status": refused.status,
            "detail": refused.detail,
            "instance": scope["path"],
            "request_id": scope["request_id"],
            **refused.members,
        }
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", scope["request_id"].encode()),
        *SECURITY_HEADERS,
        *more,
    ]
    await send({"type": f"{prefix}http.response.start", "status": refused.status, "headers": headers})
    await send({"type": f"{prefix}http.response.body", "body": body})
