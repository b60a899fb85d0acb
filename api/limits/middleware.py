"""Holds every request under `/v1/` to its principal's limits, before anything of its body is read.

Admin routes are not counted: whoever set a limit too low has to be able to set it anew. Where nobody is limited a
request pays for a look into a dictionary, and Redis is not asked.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Services
from api.guards import UPLOADS, BodyTooLarge, Refused, refuse
from api.limits.fields import Header, rate_limit_fields, seconds
from core.access.principal import Principal
from core.errors import LimitReached, StorageFull
from core.limits import repository
from core.limits.model import Policy
from core.limits.rate import Decision

LIMITED = re.compile(r"^/v1/(?!admin/|sign-in$|sign-out$|openapi\.json$)")

FORM_OVERHEAD = 64 * 1024
"""What a form may have around its files. What it held exactly is known, and checked, when it was read."""


class HeldToLimits:
    """ASGI middleware, behind the authentication. Leaves `scope["allowance"]` for the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not LIMITED.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        principal: Principal = scope["principal"]
        allowance = await services.limits.of(principal.tenant_id, principal.key_id)
        scope["allowance"] = allowance
        if allowance.policies:
            decision = await services.rates.take(allowance.policies)
            fields = rate_limit_fields(allowance.policies, decision.standings)
            if not decision.admitted:
                await _refuse(scope, receive, send, allowance.policies, decision, fields)
                return
            send = _with_fields(send, fields)
        limit = allowance.storage_bytes
        if limit is not None and _uploads(scope):
            room = limit - await repository.stored_bytes(services.pool, allowance.tenant_id)
            if not _fits(scope, room):
                full = StorageFull(limit)
                await refuse(scope, receive, send, Refused(full.status, full.slug, full.detail, full.title))
                return
            receive = _within(receive, room + FORM_OVERHEAD, limit)
        await self._app(scope, receive, send)


def refusal(policies: tuple[Policy, ...], decision: Decision) -> LimitReached:
    """What a client is told whose request was not admitted."""
    spent = next(
        policy
        for policy, standing in zip(policies, decision.standings, strict=True)
        if not standing.remaining and standing.next_us == decision.wait_us
    )
    wait_s = seconds(decision.wait_us)
    return LimitReached(
        f"More than the {spent.quota} requests a minute that the limit of this {spent.name} allows. "
        f"One is taken again in {wait_s} s.",
        "requests_per_minute",
        spent.name,
        wait_s,
    )


async def _refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    policies: tuple[Policy, ...],
    decision: Decision,
    fields: list[Header],
) -> None:
    error = refusal(policies, decision)
    refused = Refused(error.status, error.slug, error.detail, error.title, error.members())
    await refuse(scope, receive, send, refused, [*fields, (b"retry-after", str(error.retry_after_s).encode())])


def _with_fields(send: Send, fields: list[Header]) -> Send:
    async def with_fields(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *fields]
        await send(message)

    return with_fields


def _uploads(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in ("POST", "PUT") and bool(UPLOADS.match(scope["path"]))


def _fits(scope: Scope, room: int) -> bool:
    """As far as the request says how long it is."""
    length = Headers(scope=scope).get("content-length")
    size = int(length) if length is not None else 0
    return size <= room + (FORM_OVERHEAD if scope["method"] == "POST" and room > 0 else 0)


def _within(receive: Receive, most: int, limit: int) -> Receive:
    """Stop a body that does not say how long it is where it can't fit any more."""
    seen = 0

    async def within() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise BodyTooLarge(StorageFull(limit))
        return message

    return within
