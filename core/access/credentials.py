"""Who stands behind a key or a cookie, by the digest of it: the one query of authentication, for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.access.principal import Principal, Scope
from core.database.pool import Connection, Pool


class State(StrEnum):
    """What a credential that was found is worth. Clients are not told which it is, but for a suspended tenant."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Credential:
    """What is known of a key or a sign-in."""

    digest: bytes
    principal: Principal
    state: State
    left_s: float | None
    """Seconds until it ends by itself."""


_FIND = """
WITH asked AS (
    SELECT sha256, keys.id AS key_id, tenant_id, 'key ' || hint AS subject, scopes, revoked_at, expires_at
    FROM api_keys AS keys WHERE sha256 = ANY($1::bytea[])
    UNION ALL
    SELECT sign_ins.sha256, key_id, sign_ins.tenant_id, subject, sign_ins.scopes, revoked_at,
           least(sign_ins.expires_at, keys.expires_at)
    FROM sign_ins LEFT JOIN api_keys AS keys ON keys.id = key_id WHERE sign_ins.sha256 = ANY($1::bytea[]))
SELECT asked.sha256, key_id, tenant_id, subject, scopes, revoked_at IS NOT NULL AS revoked,
       extract(epoch FROM expires_at - now())::float8 AS left_s, suspended_at IS NOT NULL AS suspended
FROM asked JOIN tenants ON tenants.id = tenant_id
"""


async def find(connection: Connection | Pool, digests: Sequence[bytes]) -> dict[bytes, Credential]:
    """Those of the digests that are known, whatever their state. A cookie is worth no more than the key behind it."""
    found = {}
    for row in await connection.fetch(_FIND, list(digests)):
        left_s = row["left_s"]
        state = State.GOOD
        if row["revoked"]:
            state = State.REVOKED
        elif left_s is not None and left_s <= 0:
            state = State.EXPIRED
        elif row["suspended"]:
            state = State.SUSPENDED
        principal = Principal(
            row["tenant_id"], row["subject"], frozenset(Scope(scope) for scope in row["scopes"]), row["key_id"]
        )
        found[row["sha256"]] = Credential(row["sha256"], principal, state, left_s)
    return found
