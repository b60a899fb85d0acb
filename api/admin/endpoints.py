"""`/v1/admin`: tenants, keys and the audit log. Every act and its entry there are one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import Request, Response

from api.access.gate import Gate
from api.admin.schemas import (
    AuditPage,
    KeyCreate,
    KeyPage,
    KeyRotate,
    KeyView,
    NewKey,
    TenantCreate,
    TenantPage,
    TenantPatch,
    TenantView,
)
from api.dependencies import ActorDep, AdminDep, KeyId, PageDep, ServicesDep, TenantId, parsed
from api.idempotency import IdempotencyKey, replayed_headers
from api.routing import resource
from core.access import audit, keys, tenants
from core.access.tenants import TenantChange
from core.database.pool import Connection
from core.idempotency import Key, once
from core.ids import Prefix

router = resource("/v1/admin", "admin")


def _seconds(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(seconds=count)


def _forget(request: Request) -> None:
    """What this process remembers of credentials is old now. Others forget it by themselves within ten seconds."""
    gate: Gate | None = request.app.state.gate
    if gate is not None:
        gate.forget_all()


# --- tenants ----------------------------------------------------------------------------------------------


@router.post("/tenants", status_code=201, response_model=TenantView)
async def create_tenant(
    wanted: TenantCreate,
    services: ServicesDep,
    actor: ActorDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Make a tenant."""

    async def create(connection: Connection) -> dict[str, Any]:
        return (await tenants.create(connection, actor, wanted.name, wanted.weight)).view()

    if idempotency_key is None:
        async with services.pool.acquire() as connection, connection.transaction():
            view = await create(connection)
    else:
        key = Key.of(
            actor.principal.tenant_id, "POST /v1/admin/tenants", idempotency_key, wanted.model_dump(mode="json")
        )
        answer = await once(services.pool, key, 201, create)
        view = answer.body
        response.headers.update(replayed_headers(answer))
    response.headers["Location"] = f"/v1/admin/tenants/{view['id']}"
    return view


@router.get("/tenants", response_model=TenantPage)
async def list_tenants(services: ServicesDep, _: AdminDep, page: PageDep) -> Any:
    """Tenants, newest first."""
    before = parsed(Prefix.TENANT, page.cursor, "/query/cursor")
    found = await tenants.page(services.pool, page.limit + 1, before)
    items = [tenant.view() for tenant in found[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["id"] if len(found) > page.limit else None}


@router.get("/tenants/{tenant_id}", response_model=TenantView)
async def get_tenant(tenant_id: TenantId, services: ServicesDep, _: AdminDep) -> Any:
    """One tenant."""
    return (await tenants.get(services.pool, tenant_id)).view()


@router.patch("/tenants/{tenant_id}", response_model=TenantView)
async def change_tenant(
    tenant_id: TenantId, wanted: TenantPatch, services: ServicesDep, actor: ActorDep, request: Request
) -> Any:
    """Change its name or weight, suspend it, or let it in again."""
    change = TenantChange(frozenset(wanted.model_fields_set), **wanted.model_dump())
    async with services.pool.acquire() as connection, connection.transaction():
        tenant = await tenants.change(connection, actor, tenant_id, change)
    _forget(request)
    return tenant.view()


# --- keys -------------------------------------------------------------------------------------------------
# Without an Idempotency-Key: to give the same answer again, the secret would have to be kept.


@router.post("/keys", status_code=201, response_model=NewKey)
async def create_key(wanted: KeyCreate, services: ServicesDep, actor: ActorDep, response: Response) -> Any:
    """Make a key, for any tenant. The answer is the only place where it is ever shown."""
    tenant_id = parsed(Prefix.TENANT, wanted.tenant_id, "/tenant_id") or actor.principal.tenant_id
    async with services.pool.acquire() as connection, connection.transaction():
        key, secret = await keys.create(
            connection, actor, tenant_id, wanted.name, frozenset(wanted.scopes), _seconds(wanted.expires_in_s)
        )
    return _shown_once(response, key, secret)


@router.get("/keys", response_model=KeyPage)
async def list_keys(services: ServicesDep, _: AdminDep, page: PageDep, tenant_id: str | None = None) -> Any:
    """Keys of all tenants, or of one, newest first; those that are of no use any more among them."""
    before = parsed(Prefix.KEY, page.cursor, "/query/cursor")
    found = await keys.page(services.pool, parsed(Prefix.TENANT, tenant_id, "/query/tenant_id"), page.limit + 1, before)
    items = [key.view() for key in found[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["id"] if len(found) > page.limit else None}


@router.get("/keys/{key_id}", response_model=KeyView)
async def get_key(key_id: KeyId, services: ServicesDep, _: AdminDep) -> Any:
    """One key."""
    return (await keys.get(services.pool, key_id)).view()


@router.post("/keys/{key_id}/rotate", status_code=201, response_model=NewKey)
async def rotate_key(
    key_id: KeyId,
    services: ServicesDep,
    actor: ActorDep,
    request: Request,
    response: Response,
    wanted: KeyRotate | None = None,
) -> Any:
    """Make a key with the same name and scopes; the old one is good until the grace is over."""
    wanted = wanted or KeyRotate()
    async with services.pool.acquire() as connection, connection.transaction():
        key, secret = await keys.rotate(
            connection, actor, key_id, timedelta(seconds=wanted.grace_s), _seconds(wanted.expires_in_s)
        )
    _forget(request)
    return _shown_once(response, key, secret)


@router.post("/keys/{key_id}/revoke", response_model=KeyView)
async def revoke_key(key_id: KeyId, services: ServicesDep, actor: ActorDep, request: Request) -> Any:
    """End a key, and every sign-in that was traded for it. All processes know within ten seconds."""
    async with services.pool.acquire() as connection, connection.transaction():
        key = await keys.revoke(connection, actor, key_id)
    _forget(request)
    return key.view()


def _shown_once(response: Response, key: keys.Key, secret: str) -> dict[str, Any]:
    view = key.view()
    response.headers["Location"] = f"/v1/admin/keys/{view['id']}"
    response.headers["Cache-Control"] = "no-store"
    return view | {"secret": secret}


# --- the audit log ----------------------------------------------------------------------------------------


@router.get("/audit", response_model=AuditPage)
async def list_acts(services: ServicesDep, _: AdminDep, page: PageDep) -> Any:
    """What admins did, newest first."""
    before = parsed(Prefix.AUDIT, page.cursor, "/query/cursor")
    found = await audit.page(services.pool, page.limit + 1, before)
    items = [entry.view() for entry in found[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["id"] if len(found) > page.limit else None}
