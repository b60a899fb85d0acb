"""The first admin's key. Whoever can give the service a file, or reach its database, is its operator, and needs no key
to be believed: a key that a secret store puts into a file is taken up, or one is made and told once.
"""

from __future__ import annotations

import logging
from pathlib import Path

from core.access import keys, tokens
from core.access.audit import Actor
from core.access.principal import Principal, Scope
from core.access.tokens import Kind
from core.database.pool import Connection, Pool
from core.tenants import DEFAULT_TENANT

logger = logging.getLogger(__name__)

OPERATOR = Actor(Principal(DEFAULT_TENANT, "the operator", frozenset(Scope)))


class UnusableKey(ValueError):
    """The key file can't be read, or what it holds is no key."""


def read_key(file: Path) -> str:
    """The key in the file. Raises UnusableKey, saying what is wrong and never what the file holds."""
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableKey(f"{file} can't be read ({type(error).__name__})") from None
    if not tokens.well_formed(Kind.KEY, key):
        raise UnusableKey(
            f"{file} holds no API key: aci_ and 48 hexadecimal digits, the last eight of which check the others "
            "(`python -m api.access.bootstrap --draw` draws one)"
        )
    return key


async def take_up(pool: Pool, key: str) -> None:
    """Register the key as an admin's, unless it is known already. Many processes may do so at once."""
    async with pool.acquire() as connection, connection.transaction():
        made = await keys.register(connection, OPERATOR, key, DEFAULT_TENANT, "ACI_ADMIN_KEY_FILE", frozenset(Scope))
    if made is not None:
        logger.info("The key %s of ACI_ADMIN_KEY_FILE is an admin's now.", made.hint)


async def first_admin_key(connection: Connection, name: str, *, another: bool = False) -> str | None:
    """A new key with both scopes for the default tenant: its text, told only now.

    None where an admin has a usable key, unless `another` is wanted. Of many who ask at once, one gets it.
    """
    async with connection.transaction():
        # Whoever else does the same at this moment has to wait, and then sees this key.
        await connection.execute("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE")
        if not another and await keys.usable_admins(connection):
            return None
        _, secret = await keys.create(connection, OPERATOR, DEFAULT_TENANT, name, frozenset(Scope))
    return secret
