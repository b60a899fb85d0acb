"""Doing a create once, however often a client asks for it with one `Idempotency-Key`.

The key is written in the transaction that creates. A second request with it waits, on the key's row, until that
transaction is decided: then it finds the answer to give again, or, where the first came to nothing, creates itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from core.database.pool import Connection, Pool
from core.errors import InvalidInput

KEPT = "24 hours"
"""How long a key is remembered, as Postgres reads an interval."""


class KeyReused(InvalidInput):
    """The key came before, with another body."""

    slug: ClassVar[str] = "idempotency-key-reused"
    title: ClassVar[str] = "This Idempotency-Key was used for something else"


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key, where it holds, and a digest of what was asked with it."""

    tenant_id: UUID
    route: str
    key: str
    request_sha256: bytes

    @classmethod
    def of(cls, tenant_id: UUID, route: str, key: str, request: Any) -> Key:
        """`request` is the JSON of what was asked; the order of its members does not count."""
        text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return cls(tenant_id, route, key, hashlib.sha256(text.encode()).digest())


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client is told: now, or again."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


_TAKE = f"""
INSERT INTO idempotency_keys AS known (tenant_id, route, key, request_sha256) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, route, key) DO UPDATE
SET request_sha256 = excluded.request_sha256, status = NULL, body = NULL, created_at = now()
WHERE known.created_at < now() - interval '{KEPT}'
RETURNING 1
"""


async def once(pool: Pool, key: Key, status: int, create: Callable[[Connection], Awaitable[dict[str, Any]]]) -> Answer:
    """Create and remember the answer, in one transaction; or give the answer of the first time.

    Raises KeyReused when the key came before with another body, and whatever `create` raises; then nothing is kept.
    """
    async with pool.acquire() as connection, connection.transaction():
        mine = await connection.fetchval(_TAKE, key.tenant_id, key.route, key.key, key.request_sha256)
        if mine is None:
            known = await connection.fetchrow(
                "SELECT request_sha256, status, body FROM idempotency_keys "
                "WHERE tenant_id = $1 AND route = $2 AND key = $3",
                key.tenant_id,
                key.route,
                key.key,
            )
            assert known is not None
            if known["request_sha256"] != key.request_sha256:
                raise KeyReused(
                    "The key came before, with another body. Use a new key for a new request.",
                    "/header/Idempotency-Key",
                )
            return Answer(known["status"], known["body"], replayed=True)
        body = await create(connection)
        await connection.execute(
            "UPDATE idempotency_keys SET status = $4, body = $5 WHERE tenant_id = $1 AND route = $2 AND key = $3",
            key.tenant_id,
            key.route,
            key.key,
            status,
            body,
        )
    return Answer(status, body)


async def forget_old(connection: Connection | Pool) -> None:
    """Remove keys whose day has passed."""
    await connection.execute(f"DELETE FROM idempotency_keys WHERE created_at < now() - interval '{KEPT}'")
