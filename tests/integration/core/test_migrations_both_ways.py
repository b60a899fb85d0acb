"""The migrations make the schema that the code has, and can take it back."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from typing import Any

import asyncpg

import migrations.__main__ as migrations
from core.database.revisions import newest_revision, revision_of

UP_AND_CHECK = Namespace(down=None, generate=None, check=True)
DOWN = Namespace(down="base", generate=None, check=False)


async def tables(address: str) -> set[str]:
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows} - {"alembic_version"}


async def revision(address: str) -> str | None:
    connection = await asyncpg.connect(address)
    try:
        return await revision_of(connection)
    finally:
        await connection.close()


async def test_up_down_and_up_again_without_a_difference(new_database: Any) -> None:
    address = await new_database(empty=True)
    assert await revision(address) is None
    assert await migrations.run(address, UP_AND_CHECK) == 0
    assert await revision(address) == newest_revision() is not None
    assert {"jobs", "events", "sessions", "blobs"} <= await tables(address)
    assert await migrations.run(address, DOWN) == 0
    assert await tables(address) == set()
    assert await migrations.run(address, UP_AND_CHECK) == 0


async def test_a_difference_is_seen(new_database: Any) -> None:
    address = await new_database()
    connection = await asyncpg.connect(address)
    await connection.execute("ALTER TABLE jobs ADD COLUMN forgotten int")
    await connection.close()
    assert await migrations.run(address, UP_AND_CHECK) == 1


async def test_many_may_start_it_at_once(new_database: Any) -> None:
    address = await new_database(empty=True)
    assert await asyncio.gather(*(migrations.run(address, UP_AND_CHECK) for _ in range(4))) == [0, 0, 0, 0]
