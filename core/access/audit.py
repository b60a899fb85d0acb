"""What admins did, to whom, when, and in which request: written in the transaction of the act, and never changed.

No secret is ever part of it: a key is named by its id and its hint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.access.principal import Principal
from core.database.pool import Connection, Pool
from core.ids import Prefix, encode, new_id
from core.jobs.job import timestamp


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and in which request."""

    principal: Principal
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act."""

    id: UUID
    at: datetime
    tenant_id: UUID
    """The actor's."""
    subject: str
    action: str
    target: str
    detail: dict[str, Any]
    request_id: str

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "id": encode(Prefix.AUDIT, self.id),
            "at": timestamp(self.at),
            "tenant_id": encode(Prefix.TENANT, self.tenant_id),
            "subject": self.subject,
            "action": self.action,
            "target": self.target,
            "detail": self.detail,
            "request_id": self.request_id,
        }


async def record(connection: Connection, actor: Actor, action: str, target: str, **detail: Any) -> None:
    """Write down what `actor` does (`key.revoke`) to what (`key_01…`), as part of the caller's transaction."""
    await connection.execute(
        "INSERT INTO audit_log (id, tenant_id, subject, key_id, action, target, detail, request_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        new_id(),
        actor.principal.tenant_id,
        actor.principal.subject,
        actor.principal.key_id,
        action,
        target,
        detail,
        actor.request_id,
    )


async def page(connection: Connection | Pool, limit: int, before: UUID | None) -> list[Entry]:
    """Up to `limit` acts, newest first, from before the one with the id `before`."""
    rows = await connection.fetch(
        "SELECT id, at, tenant_id, subject, action, target, detail, request_id FROM audit_log "
        "WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        before,
        limit,
    )
    return [Entry(**row) for row in rows]
