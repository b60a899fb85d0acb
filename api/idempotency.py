"""`Idempotency-Key` on requests that create: the answer of the first time is given again, and says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Response

from api.dependencies import Services
from core import idempotency
from core.database.pool import Connection
from core.idempotency import Key

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="A name of your own for this request: sent again within 24 hours, it creates nothing more",
    ),
]

REPLAYED_HEADER = "Idempotency-Replayed"


async def create_once(
    services: Services,
    tenant: UUID,
    response: Response,
    *,
    route: str,
    key: str,
    request: Any,
    status: int,
    create: Callable[[Connection], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Create, or answer as the first time. Sets status and headers of `response`, and returns the body."""
    answer = await idempotency.once(services.pool, Key.of(tenant, route, key, request), status, create)
    response.status_code = answer.status
    if answer.replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return answer.body
