"""Every error leaves as `application/problem+json` (RFC 9457), and never with a traceback of ours."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.guards import BodyTooLarge
from core.agents.registry import agents
from core.database.pool import AWAY
from core.errors import InvalidInput, ServiceError, Unauthorized, Unavailable

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

MOST_ERRORS = 100
"""Wrong fields that one answer names."""


class FieldError(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer into the body (RFC 6901); `/query/…`, `/path/…` or `/header/…`")
    detail: str


class Problem(BaseModel):
    """What every error answer holds."""

    type: str = Field(description="`/problems/` and a fixed name of the kind of problem")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request")
    request_id: str
    errors: list[FieldError] | None = Field(None, description="With 422: which fields, and why")
    limit: str | None = Field(None, description="With 429: which limit, by its name in `/v1/me`")
    whose: str | None = Field(None, description="With 429: whose it is, `tenant` or `key`")


def problem(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    errors: Sequence[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    members: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer for a problem."""
    body: dict[str, Any] = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "request_id": request.scope.get("request_id", ""),
        **(members or {}),
    }
    if errors is not None:
        body["errors"] = list(errors)
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _slug_of(status: int) -> tuple[str, str]:
    phrase = HTTPStatus(status).phrase
    return phrase.lower().replace(" ", "-"), phrase


def _pointer(location: Sequence[int | str]) -> str:
    """Where a field is. The name of the agent, which chooses the shape of a job's input, is no part of the body."""
    where, *rest = location
    if where == "body":
        if rest and rest[0] in agents():
            rest = rest[1:]
    else:
        rest = [where, *rest]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in rest)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    errors = [{"pointer": error.pointer, "detail": error.detail}] if isinstance(error, InvalidInput) else None
    return problem(
        request, error.status, error.slug, error.title, error.detail, errors, headers_for(error), error.members()
    )


def headers_for(error: ServiceError) -> dict[str, str] | None:
    """What the status of an error asks for (RFC 9110, 10.2.3 and 11.6.1)."""
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    return None if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        detail = f"The body is not JSON: {found[0].get('ctx', {}).get('error', 'it can not be parsed')}."
        return problem(request, 400, "malformed-json", "The body is not JSON", detail)
    errors = [{"pointer": _pointer(one["loc"]), "detail": one["msg"]} for one in found[:MOST_ERRORS]]
    first = f"{errors[0]['pointer'] or 'The body'}: {errors[0]['detail']}" if errors else "A field is not valid."
    return problem(request, 422, InvalidInput.slug, InvalidInput.title, first, errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, BodyTooLarge):
        return await _service_error(request, error.error)
    slug, title = _slug_of(error.status_code)
    return problem(
        request, error.status_code, slug, title, str(error.detail), headers=dict(error.headers or {}) or None
    )


async def _database_away(request: Request, error: Exception) -> JSONResponse:
    logger.warning("Postgres is away: %s", error)
    detail = (
        "The database can't be reached. Try again. It may have gone between doing what was asked and saying so: what "
        "must not be done twice is sent with an Idempotency-Key."
    )
    return await _service_error(request, Unavailable(detail))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("Request %s failed.", request.scope.get("request_id"), exc_info=error)
    return problem(request, 500, ServiceError.slug, ServiceError.title, "The error is logged under this request's id.")


def answer_with_problems(app: FastAPI) -> None:
    """Make every error of the application a problem."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(Exception, _unexpected)
