"""JSON answers that are built by us, and so need no model to check them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer; its bytes are made several times as fast as by the standard library."""
    return Response(to_json(body), status, headers, "application/json")
