"""Tenants: who owns things. Made and changed by admins, or made by the first token of an issuer that may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from core.access import audit
from core.access.audit import Actor
from core.access.principal import Principal
from core.database.pool import Connection, Pool
from core.errors import Conflict, NotFound
from core.ids import Prefix, encode, new_id
from core.jobs.job import timestamp


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant as admins see it."""

    id: UUID
    name: str
    weight: int
    suspended_at: datetime | None
    created_at: datetime

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "id": encode(Prefix.TENANT, self.id),
            "name": self.name,
            "weight": self.weight,
            "suspended": self.suspended_at is not None,
            "created_at": timestamp(self.created_at),
        }


@dataclass(frozen=True, slots=True)
class TenantChange:
    """What is to be another; a field that is not `given` stays as it is."""

    given: frozenset[str]
    name: str | None = None
    weight: int | None = None
    suspended: bool | None = None


_COLUMNS = "id, name, weight, suspended_at, created_at"


async def create(connection: Connection, actor: Actor, name: str, weight: int = 1) -> Tenant:
    """A new tenant. Raises Conflict when there is one of that name."""
    row = await connection.fetchrow(
        "INSERT INTO tenants (id, name, weight) VALUES ($1, $2, $3) "
        f"ON CONFLICT (name) DO NOTHING RETURNING {_COLUMNS}",
        new_id(),
        name,
        weight,
    )
    if row is None:
        raise Conflict(f"There is a tenant {name!r} already.")
    made = Tenant(**row)
    await audit.record(connection, actor, "tenant.create", encode(Prefix.TENANT, made.id), name=name, weight=weight)
    return made


async def of_token(connection: Connection, name: str, subject: str, request_id: str) -> Tenant | None:
    """The tenant that a token names, made now if nobody has meanwhile. None only where it went again at once."""
    row = await connection.fetchrow(
        f"INSERT INTO tenants (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING {_COLUMNS}",
        new_id(),
        name,
    )
    if row is None:
        return await named(connection, name)
    made = Tenant(**row)
    actor = Actor(Principal(made.id, subject, frozenset()), request_id)
    await audit.record(connection, actor, "tenant.create", encode(Prefix.TENANT, made.id), name=name)
    return made


async def get(connection: Connection | Pool, tenant_id: UUID) -> Tenant:
    """One tenant. Raises NotFound."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM tenants WHERE id = $1", tenant_id)
    if row is None:
        raise NotFound("There is no such tenant.")
    return Tenant(**row)


async def named(connection: Connection | Pool, name: str) -> Tenant | None:
    """The tenant of that name."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM tenants WHERE name = $1", name)
    return Tenant(**row) if row else None


async def page(connection: Connection | Pool, limit: int, before: UUID | None) -> list[Tenant]:
    """Up to `limit` tenants, newest first, made before the one with the id `before`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM tenants WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", before, limit
    )
    return [Tenant(**row) for row in rows]


async def change(connection: Connection, actor: Actor, tenant_id: UUID, wanted: TenantChange) -> Tenant:
    """Change what is given.

    Raises NotFound, and Conflict when the name is taken or an admin would lock its own tenant out.
    """
    if wanted.suspended and tenant_id == actor.principal.tenant_id:
        raise Conflict("This is your own tenant: suspended, it could not be brought back by you.")
    try:
        row = await connection.fetchrow(
            "UPDATE tenants SET name = CASE WHEN $2 THEN $3 ELSE name END, "
            "weight = CASE WHEN $4 THEN $5::smallint ELSE weight END, "
            "suspended_at = CASE WHEN NOT $6 THEN suspended_at WHEN $7 THEN coalesce(suspended_at, now()) END "
            f"WHERE id = $1 RETURNING {_COLUMNS}",
            tenant_id,
            "name" in wanted.given,
            wanted.name,
            "weight" in wanted.given,
            wanted.weight,
            "suspended" in wanted.given,
            wanted.suspended,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict(f"There is a tenant {wanted.name!r} already.") from None
    if row is None:
        raise NotFound("There is no such tenant.")
    changed = {name: getattr(wanted, name) for name in sorted(wanted.given)}
    await audit.record(connection, actor, "tenant.change", encode(Prefix.TENANT, tenant_id), **changed)
    return Tenant(**row)
