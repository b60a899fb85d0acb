"""What went wrong with a message, as the HTTP routes would say it (RFC 9457), for whom no status line exists."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from core.agents.registry import agents
from core.database.pool import AWAY
from core.errors import InvalidInput, LimitReached, ServiceError, Unavailable

logger = logging.getLogger(__name__)

MOST_ERRORS = 20


class TooManySubscriptions(ServiceError):
    """A socket follows as much as one may."""

    slug = "too-many-subscriptions"
    title = "Too many subscriptions"
    status = 429


class Malformed(ServiceError):
    """A message that is no JSON object."""

    slug = "malformed-json"
    title = "The message is not JSON"
    status = 400


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem that an error is to the client. One that nobody expected is logged."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            return problem_of(Malformed(found[0]["msg"] + "."))
        errors = [{"pointer": _pointer(one["loc"]), "detail": one["msg"]} for one in found[:MOST_ERRORS]]
        first = f"{errors[0]['pointer'] or 'The message'}: {errors[0]['detail']}"
        return _problem(InvalidInput.status, InvalidInput.slug, InvalidInput.title, first) | {"errors": errors}
    if isinstance(error, AWAY):
        logger.warning("Postgres is away: %s", error)
        return problem_of(Unavailable("The database can't be reached. Try again."))
    if isinstance(error, ServiceError):
        problem = _problem(error.status, error.slug, error.title, error.detail)
        if isinstance(error, InvalidInput):
            problem["errors"] = [{"pointer": error.pointer, "detail": error.detail}]
        if isinstance(error, LimitReached):
            problem |= {**error.members(), "retry_after_s": error.retry_after_s}
        return problem
    logger.error("A message of a socket failed.", exc_info=error)
    return _problem(500, ServiceError.slug, ServiceError.title, HTTPStatus(500).phrase)


def request_id_of(text: str) -> str | None:
    """The `request_id` of a message that is otherwise not valid."""
    try:
        said = from_json(text)
    except ValueError:
        return None
    found = said.get("request_id") if isinstance(said, dict) else None
    return found if isinstance(found, str) and len(found) <= 200 else None


def _problem(status: int, slug: str, title: str, detail: str) -> dict[str, Any]:
    return {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}


def _pointer(location: Sequence[int | str]) -> str:
    """Where a field is; the names by which pydantic tells messages and agents apart are no part of the message."""
    path = list(location[1:])
    if path[:1] == ["job"] and len(path) > 1 and path[1] in agents():
        del path[1]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
