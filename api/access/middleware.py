"""Says of every request to `/v1/` who asks (`scope["principal"]`), and lets nobody past who must not be.

The page's own files, the sign-in and the health checks stay open.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.key import COOKIE, AccessKey
from api.guards import Refused, refuse
from core.access.principal import NOBODY

OPEN = frozenset({"/v1/sign-in", "/v1/openapi.json"})


class Authentication:
    """ASGI middleware; a header that is there is what counts, the cookie only where there is none."""

    def __init__(self, app: ASGIApp, key: AccessKey | None) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        protected = scope["type"] in ("http", "websocket") and scope["path"].startswith("/v1/")
        if protected and scope["path"] not in OPEN and not self._known(HTTPConnection(scope)):
            refused = Refused(401, "unauthorized", "This needs the service's key: `Authorization: Bearer …`.")
            await refuse(scope, receive, send, refused, ((b"www-authenticate", b"Bearer"),))
            return
        scope["principal"] = NOBODY
        await self._app(scope, receive, send)

    def _known(self, connection: HTTPConnection) -> bool:
        if self._key is None:
            return True
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, key = header.partition(" ")
            return scheme.lower() == "bearer" and self._key.accepts(key.strip())
        return self._key.accepts_cookie(connection.cookies.get(COOKIE, ""))
