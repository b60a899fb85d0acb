"""The page's sign-ins: rows, so that signing out, and the end of the key, end them at once and everywhere.

Signed cookies would need a secret that all API processes share and nobody may lose, and could not be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.access import tokens
from core.access.principal import Principal
from core.access.tokens import Kind
from core.database.pool import Connection, Pool
from core.ids import new_id

LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in: what the cookie holds, and for how long."""

    secret: str
    lasts_s: int


async def begin(connection: Connection | Pool, principal: Principal, at_most: timedelta) -> SignedIn:
    """Sign a principal in, for half a day or until `at_most` from now, whatever is shorter."""
    secret, lasts = tokens.draw(Kind.SIGN_IN), min(LASTS, at_most)
    await connection.execute(
        "INSERT INTO sign_ins (id, tenant_id, key_id, subject, scopes, sha256, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval)",
        new_id(),
        principal.tenant_id,
        principal.key_id,
        principal.subject,
        sorted(principal.scopes),
        tokens.digest(secret),
        lasts,
    )
    return SignedIn(secret, int(lasts.total_seconds()))


async def end(connection: Connection | Pool, secret: str) -> None:
    """Sign out."""
    await connection.execute("DELETE FROM sign_ins WHERE sha256 = $1", tokens.digest(secret))


async def forget_old(connection: Connection | Pool) -> None:
    """Remove sign-ins whose time has passed."""
    await connection.execute("DELETE FROM sign_ins WHERE expires_at < now()")
