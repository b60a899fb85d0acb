"""`python -m migrations`: bring the database to the newest schema, or say whether the code and it agree.

Any number of processes may start this at once: an advisory lock lets one at a time through, and the others
then find nothing to do.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import asyncpg

from core.database.revisions import newest_revision, revision_of
from core.settings import Settings


async def run(database_url: str, arguments: argparse.Namespace) -> int:
    """Do what the command line asks. Returns the exit status."""
    asked_for_more = arguments.check or arguments.generate or arguments.down is not None
    if not asked_for_more and await _is_newest(database_url):
        return 0
    # Only now: it takes longer to load than all else does, and at most starts there is nothing to do.
    from migrations.moving import move

    return await move(database_url, arguments)


async def _is_newest(database_url: str) -> bool:
    connection = await asyncpg.connect(database_url)
    try:
        return await revision_of(connection) == newest_revision()
    finally:
        await connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m migrations", description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="afterwards, exit 1 if the code's tables differ")
    parser.add_argument("--down", metavar="REVISION", help="go down to this revision instead ('base': all the way)")
    parser.add_argument("--generate", metavar="MESSAGE", help="write a new version with what the code has changed")
    arguments = parser.parse_args()
    try:
        return asyncio.run(run(Settings.load().database_url.get_secret_value(), arguments))
    except OSError as error:
        print(f"Postgres can't be reached ({error}). Is DATABASE_URL right, and does it run?", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
