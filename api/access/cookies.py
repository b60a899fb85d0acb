"""The page's cookie, and the token without which it is good for reading only.

Over https it is called `__Host-…`: a browser takes and sends such a one only over TLS, for this very host, whole. On a
loopback address there may be no TLS, and it has its plain name; anywhere else there is no cookie without TLS.

The CSRF token is a MAC made with what the cookie holds, so it is bound to that one sign-in, ends with it, and need not
be kept anywhere. No script can read the cookie; the page gets the token in the body of an answer, which no other origin
can read.
"""

from __future__ import annotations

import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.guards import host_name
from core.loopback import is_loopback

SECURE_NAME = "__Host-aci_session"
PLAIN_NAME = "aci_session"
CSRF_HEADER = "x-csrf-token"


def is_secure(connection: HTTPConnection) -> bool:
    """Whether the browser talks TLS, to us or to the proxy before us."""
    forwarded = connection.headers.get("x-forwarded-proto")
    scheme = connection.url.scheme if forwarded is None else forwarded.rpartition(",")[2].strip()
    return scheme in ("https", "wss")


def may_sign_in(connection: HTTPConnection) -> bool:
    """Whether a cookie would be safe on its way."""
    return is_secure(connection) or is_loopback(host_name(connection.headers.get("host", "")))


def name_for(connection: HTTPConnection) -> str:
    """What the cookie is called on this connection. The other name is not looked at."""
    return SECURE_NAME if is_secure(connection) else PLAIN_NAME


def held(connection: HTTPConnection) -> str | None:
    """What the cookie holds; None where there is none, or it may not be used here."""
    return connection.cookies.get(name_for(connection)) if may_sign_in(connection) else None


def give(connection: HTTPConnection, response: Response, secret: str, lasts_s: int) -> None:
    """Set the cookie."""
    response.set_cookie(
        name_for(connection),
        secret,
        max_age=lasts_s,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_secure(connection),
    )


def take_back(connection: HTTPConnection, response: Response) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(
        name_for(connection), path="/", httponly=True, samesite="strict", secure=is_secure(connection)
    )


def csrf_token(secret: str) -> str:
    """The token that belongs to a cookie."""
    return hmac.digest(secret.encode(), b"csrf", "sha256").hex()


def carries_csrf_token(connection: HTTPConnection, secret: str) -> bool:
    """Whether the request has the token of just this cookie."""
    said = connection.headers.get(CSRF_HEADER, "")
    return hmac.compare_digest(said.encode("utf-8", "replace"), csrf_token(secret).encode())
