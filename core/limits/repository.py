"""Reading and changing what was said of a tenant or a key, and what a tenant has stored."""

from __future__ import annotations

from uuid import UUID

from core.access import audit
from core.access.audit import Actor
from core.database.pool import Connection, Pool
from core.errors import NotFound
from core.ids import Prefix, encode
from core.limits.model import Limits


async def said(connection: Connection | Pool, tenant_id: UUID, key_id: UUID | None) -> tuple[Limits, Limits]:
    """What is said of the tenant and, of that tenant's key, of the key. Nothing where one is not there."""
    row = await connection.fetchrow(
        "SELECT (SELECT limits FROM tenants WHERE id = $1) AS tenant, "
        "(SELECT limits FROM api_keys WHERE id = $2 AND tenant_id = $1) AS key",
        tenant_id,
        key_id,
    )
    assert row is not None
    return Limits.stored(row["tenant"]), Limits.stored(row["key"])


async def of_tenant(connection: Connection | Pool, tenant_id: UUID) -> Limits:
    """What is said of a tenant. Raises NotFound."""
    value = await connection.fetchval("SELECT limits FROM tenants WHERE id = $1", tenant_id)
    if value is None:
        raise NotFound("There is no such tenant.")
    return Limits.stored(value)


async def of_key(connection: Connection | Pool, key_id: UUID) -> tuple[UUID, Limits]:
    """A key's tenant, and what is said of the key. Raises NotFound."""
    row = await connection.fetchrow("SELECT tenant_id, limits FROM api_keys WHERE id = $1", key_id)
    if row is None:
        raise NotFound("There is no such key.")
    return row["tenant_id"], Limits.stored(row["limits"])


async def set_tenant(connection: Connection, actor: Actor, tenant_id: UUID, limits: Limits) -> None:
    """Say something else of a tenant. Raises NotFound."""
    value = limits.to_store()
    if not await connection.fetchval("UPDATE tenants SET limits = $2 WHERE id = $1 RETURNING 1", tenant_id, value):
        raise NotFound("There is no such tenant.")
    await audit.record(connection, actor, "limits.tenant", encode(Prefix.TENANT, tenant_id), limits=value)


async def set_key(connection: Connection, actor: Actor, key_id: UUID, limits: Limits) -> None:
    """Say something else of a key. Raises NotFound."""
    value = limits.to_store()
    if not await connection.fetchval("UPDATE api_keys SET limits = $2 WHERE id = $1 RETURNING 1", key_id, value):
        raise NotFound("There is no such key.")
    await audit.record(connection, actor, "limits.key", encode(Prefix.KEY, key_id), limits=value)


async def stored_bytes(connection: Connection | Pool, tenant_id: UUID) -> int:
    """Bytes of all that the tenant has stored: a sum of sixteen rows, whatever it has."""
    used: int = await connection.fetchval(
        "SELECT coalesce(sum(bytes), 0)::bigint FROM storage_used WHERE tenant_id = $1", tenant_id
    )
    return used
