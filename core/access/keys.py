"""API keys: made, listed, rotated, revoked. A key is told once, when it is made; what is kept can only recognise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.access import audit, tokens
from core.access.audit import Actor
from core.access.principal import Scope
from core.access.tokens import Kind
from core.database.pool import Connection, Pool
from core.errors import Conflict, NotFound
from core.ids import Prefix, encode, new_id
from core.jobs.job import timestamp

USE_NOTED_EVERY = timedelta(minutes=1)
"""The last use of a key is written no more often."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key as it is shown: everything but itself."""

    id: UUID
    tenant_id: UUID
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    rotated_from: UUID | None

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "id": encode(Prefix.KEY, self.id),
            "tenant_id": encode(Prefix.TENANT, self.tenant_id),
            "name": self.name,
            "hint": self.hint,
            "scopes": sorted(self.scopes),
            "created_at": timestamp(self.created_at),
            "expires_at": self.expires_at and timestamp(self.expires_at),
            "revoked_at": self.revoked_at and timestamp(self.revoked_at),
            "last_used_at": self.last_used_at and timestamp(self.last_used_at),
            "rotated_from": self.rotated_from and encode(Prefix.KEY, self.rotated_from),
        }


_COLUMNS = "id, tenant_id, name, hint, scopes, created_at, expires_at, revoked_at, last_used_at, rotated_from"


async def _insert(
    connection: Connection,
    secret: str,
    tenant_id: UUID,
    name: str,
    scopes: Sequence[str],
    lasts: timedelta | None,
    rotated_from: UUID | None = None,
) -> Key | None:
    """None where the key is known already."""
    row = await connection.fetchrow(
        "INSERT INTO api_keys (id, tenant_id, name, hint, sha256, scopes, expires_at, rotated_from, limits) "
        "VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval, $8, "
        "coalesce((SELECT limits FROM api_keys WHERE id = $8), '{}')) "
        f"ON CONFLICT (sha256) DO NOTHING RETURNING {_COLUMNS}",
        new_id(),
        tenant_id,
        name,
        tokens.hint(secret),
        tokens.digest(secret),
        sorted(scopes),
        lasts,
        rotated_from,
    )
    return Key(**row) if row else None


async def create(
    connection: Connection,
    actor: Actor,
    tenant_id: UUID,
    name: str,
    scopes: frozenset[Scope],
    lasts: timedelta | None = None,
) -> tuple[Key, str]:
    """A new key, and its text, which nobody can ask for again. Raises NotFound when there is no such tenant."""
    if not await connection.fetchval("SELECT 1 FROM tenants WHERE id = $1 FOR KEY SHARE", tenant_id):
        raise NotFound("There is no such tenant.")
    secret = tokens.draw(Kind.KEY)
    key = await _insert(connection, secret, tenant_id, name, [*scopes], lasts)
    assert key is not None
    await _record(connection, actor, "key.create", key, name=name, scopes=sorted(scopes))
    return key, secret


async def register(
    connection: Connection, actor: Actor, secret: str, tenant_id: UUID, name: str, scopes: frozenset[Scope]
) -> Key | None:
    """Take up a key that was drawn elsewhere. None where it is known, also where it was revoked meanwhile."""
    key = await _insert(connection, secret, tenant_id, name, [*scopes], None)
    if key is not None:
        await _record(connection, actor, "key.register", key, name=name, scopes=sorted(scopes))
    return key


async def get(connection: Connection | Pool, key_id: UUID) -> Key:
    """One key. Raises NotFound."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM api_keys WHERE id = $1", key_id)
    if row is None:
        raise NotFound("There is no such key.")
    return Key(**row)


async def page(connection: Connection | Pool, tenant_id: UUID | None, limit: int, before: UUID | None) -> list[Key]:
    """Up to `limit` keys, of one tenant or of all, newest first, made before the one with the id `before`."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM api_keys WHERE ($1::uuid IS NULL OR tenant_id = $1) "
        "AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        tenant_id,
        before,
        limit,
    )
    return [Key(**row) for row in rows]


async def rotate(
    connection: Connection, actor: Actor, key_id: UUID, grace: timedelta, lasts: timedelta | None
) -> tuple[Key, str]:
    """A new key in place of one, which ends when the grace is over (or sooner, if it would have anyway).

    It has the same limits, and lasts as long as the old one was to where `lasts` says nothing. Raises NotFound, and
    Conflict when the old one is of no use any more.
    """
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM api_keys WHERE id = $1 AND revoked_at IS NULL AND coalesce(expires_at > now(), true) "
        "FOR NO KEY UPDATE",
        key_id,
    )
    if row is None:
        await get(connection, key_id)
        raise Conflict("The key was revoked or has expired: make a new one.")
    old = Key(**row)
    await connection.execute(
        "UPDATE api_keys SET expires_at = least(expires_at, now() + $2::interval) WHERE id = $1", key_id, grace
    )
    if lasts is None and old.expires_at is not None:
        lasts = old.expires_at - old.created_at
    secret = tokens.draw(Kind.KEY)
    key = await _insert(connection, secret, old.tenant_id, old.name, old.scopes, lasts, old.id)
    assert key is not None
    await _record(
        connection, actor, "key.rotate", key, rotated_from=encode(Prefix.KEY, old.id), grace_s=grace.total_seconds()
    )
    return key, secret


async def revoke(connection: Connection, actor: Actor, key_id: UUID) -> Key:
    """End a key now. One that was revoked before stays as it is. Raises NotFound."""
    row = await connection.fetchrow(
        f"UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING {_COLUMNS}", key_id
    )
    if row is None:
        return await get(connection, key_id)
    key = Key(**row)
    await _record(connection, actor, "key.revoke", key)
    return key


async def usable_admins(connection: Connection | Pool) -> int:
    """How many keys there are with which an admin could come in now."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM api_keys JOIN tenants ON tenants.id = tenant_id WHERE 'admin' = ANY(scopes) "
        "AND revoked_at IS NULL AND coalesce(expires_at > now(), true) AND suspended_at IS NULL"
    )
    return count


async def note_use(connection: Connection | Pool, key_ids: Sequence[UUID]) -> None:
    """Write down that these keys were used just now: one statement for all, and no row more than once a minute.

    Rows that somebody else holds are left out, so that two processes never wait for one another.
    """
    await connection.execute(
        """
        WITH due AS MATERIALIZED (
            SELECT id FROM api_keys WHERE id = ANY($1::uuid[])
              AND coalesce(last_used_at < now() - $2::interval, true) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE api_keys SET last_used_at = now() FROM due WHERE api_keys.id = due.id
        """,
        list(key_ids),
        USE_NOTED_EVERY,
    )


async def _record(connection: Connection, actor: Actor, action: str, key: Key, **detail: Any) -> None:
    await audit.record(
        connection,
        actor,
        action,
        encode(Prefix.KEY, key.id),
        tenant_id=encode(Prefix.TENANT, key.tenant_id),
        hint=key.hint,
        expires_at=key.expires_at and timestamp(key.expires_at),
        **detail,
    )
