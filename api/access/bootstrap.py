"""`python -m api.access.bootstrap`: make the first admin's key, and print it this once.

Needs nothing but DATABASE_URL: whoever reaches the database is the operator.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from core.access import tokens
from core.access.operator import first_admin_key
from core.access.tokens import Kind
from core.database.pool import DATABASE_FAULTS, connect
from core.settings import Settings

THERE_IS_ONE = 3
"""Exit status where an admin has a key already."""


async def bootstrap(settings: Settings, name: str, *, another: bool) -> str | None:
    """The new key, or None where there is one already."""
    connection = await connect(settings)
    try:
        return await first_admin_key(connection, name, another=another)
    finally:
        await connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m api.access.bootstrap", description=__doc__)
    parser.add_argument("--name", default="first admin", help="what the key is called in lists")
    parser.add_argument("--another", action="store_true", help="make one although an admin has a key already")
    parser.add_argument("--draw", action="store_true", help="only draw a key, for ACI_ADMIN_KEY_FILE, and keep nothing")
    arguments = parser.parse_args()
    if arguments.draw:
        print(tokens.draw(Kind.KEY))
        return 0
    try:
        secret = asyncio.run(bootstrap(Settings.load(), arguments.name, another=arguments.another))
    except DATABASE_FAULTS as error:
        print(f"Postgres can't be used ({error}). Is DATABASE_URL right, and is it migrated?", file=sys.stderr)
        return 2
    if secret is None:
        print("An admin has a key already. Use that one, or add --another.", file=sys.stderr)
        return THERE_IS_ONE
    print("This admin's key is shown only now:", file=sys.stderr)
    print(secret)
    return 0


if __name__ == "__main__":
    sys.exit(main())
