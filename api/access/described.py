"""What the OpenAPI document says of credentials: a key or token in the header, or the page's cookie.

Beside them stands the scope that a route needs: OpenAPI 3.1 allows that for every scheme (Security Requirement Object).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI

from api.access.cookies import CSRF_HEADER, SECURE_NAME
from api.access.gate import needed_scope
from api.access.middleware import asks_who
from api.guards import SAFE_METHODS

SCHEMES: Final[dict[str, dict[str, str]]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key (`aci_…`), or a token of an OIDC issuer that the service trusts.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_NAME,
        "description": "The page's, from `POST /v1/sign-in`; over plain HTTP on loopback it has no `__Host-` in front.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "From the answer of `POST /v1/sign-in`: with the cookie, for all that changes something.",
    },
}


def describe_credentials(app: FastAPI, *, asked: bool) -> None:
    """Have the application's document say it. Where nobody is `asked`, all of it may be left out."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()  # which it keeps
            document["components"]["securitySchemes"] = SCHEMES
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    if asks_who(path):
                        operation["security"] = ([] if asked else [{}]) + _either(method, path)
        return plain()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _either(method: str, path: str) -> list[dict[str, list[str]]]:
    scope = needed_scope(path)
    scopes = [] if scope is None else [scope.value]
    csrf: dict[str, list[str]] = {} if method.upper() in SAFE_METHODS else {"csrf": []}
    return [{"bearer": scopes}, {"cookie": scopes, **csrf}]
