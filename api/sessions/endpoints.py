"""`/v1/sessions`: a conversation with its files and its sandbox."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from api.dependencies import PageDep, ServicesDep, SessionId, TenantDep, parsed
from api.idempotency import IdempotencyKey, replayed_headers
from api.routing import resource
from api.sessions.schemas import SessionChange, SessionCreate, SessionPage, SessionView
from core.database.pool import Connection
from core.idempotency import Key, once
from core.ids import Prefix
from core.sessions import repository as sessions

router = resource("/v1/sessions", "sessions")


@router.post("", status_code=201, response_model=SessionView)
async def create_session(
    services: ServicesDep,
    tenant: TenantDep,
    response: Response,
    wanted: SessionCreate | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Begin a session."""
    title = wanted.title if wanted else ""
    if idempotency_key is None:
        view = (await sessions.create(services.pool, tenant, title)).view()
    else:

        async def create(connection: Connection) -> dict[str, Any]:
            return (await sessions.create(connection, tenant, title)).view()

        key = Key.of(tenant, "POST /v1/sessions", idempotency_key, {"title": title})
        answer = await once(services.pool, key, 201, create)
        view = answer.body
        response.headers.update(replayed_headers(answer))
    response.headers["Location"] = f"/v1/sessions/{view['id']}"
    return view


@router.get("", response_model=SessionPage)
async def list_sessions(services: ServicesDep, tenant: TenantDep, page: PageDep) -> Any:
    """Sessions, newest first."""
    before = parsed(Prefix.SESSION, page.cursor, "/query/cursor")
    found = await sessions.page(services.pool, tenant, page.limit + 1, before)
    items = [session.view() for session in found[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["id"] if len(found) > page.limit else None}


@router.get("/{session_id}", response_model=SessionView)
async def get_session(session_id: SessionId, services: ServicesDep, tenant: TenantDep) -> Any:
    """One session."""
    return (await sessions.get(services.pool, tenant, session_id)).view()


@router.patch("/{session_id}", response_model=SessionView)
async def rename_session(session_id: SessionId, wanted: SessionChange, services: ServicesDep, tenant: TenantDep) -> Any:
    """Give it another title."""
    return (await sessions.rename(services.pool, tenant, session_id, wanted.title)).view()
