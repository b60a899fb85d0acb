"""Which version of the schema a database has, and which one the code wants; found out without Alembic."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import asyncpg


def newest_revision() -> str | None:
    """The newest migration that is installed, by the names of their files; None where there are none."""
    found = importlib.util.find_spec("migrations")
    folders = [] if found is None else list(found.submodule_search_locations or ())
    names = [file.name for folder in folders for file in (Path(folder) / "versions").glob("[0-9]*.py")]
    return max(name.partition("_")[0] for name in names) if names else None


async def revision_of(connection: asyncpg.Connection) -> str | None:
    """The version that a database is at; None where it has no tables yet."""
    try:
        there: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return there
