"""Moves a database from one version of the schema to another, by Alembic, and compares it with the code's tables."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.database.schema import Table

LOCK = 0x6163_6901
"""Key of the advisory lock: any fixed number that nothing else in this database uses."""


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings, without a file: where the versions are and which connection to use."""
    config = Config(stdout=sys.stderr)
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Go up to a revision."""
    command.upgrade(alembic_config(connection), revision)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Go down to a revision."""
    command.downgrade(alembic_config(connection), revision)


def generate(connection: Connection, message: str) -> None:
    """Write a new version with what the code has and the migrations do not."""
    command.revision(alembic_config(connection), message, autogenerate=True)


def differences(connection: Connection) -> list[str]:
    """What the code's tables have and the database has not, or the other way round; one line each."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return [repr(difference) for difference in compare_metadata(context, Table.metadata)]


async def move(database_url: str, arguments: argparse.Namespace) -> int:
    """Do what the command line asks, under the lock. Returns the exit status."""
    # asyncpg reads the address itself, as everywhere else in the service: one spelling, not SQLAlchemy's second.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database_url), poolclass=NullPool
    )
    async with engine.connect() as holder, engine.connect() as connection:
        # A lock of the session, on a connection of its own, so that it spans Alembic's transactions.
        await holder.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        if arguments.down is not None:
            await connection.run_sync(downgrade, arguments.down)
        elif arguments.generate:
            await connection.run_sync(generate, arguments.generate)
        else:
            await connection.run_sync(upgrade)
        await connection.commit()
        found = await connection.run_sync(differences) if arguments.check else []
    await engine.dispose()
    for line in found:
        print(f"The tables in core/database/schema.py and the migrations differ: {line}", file=sys.stderr)
    return 1 if found else 0
