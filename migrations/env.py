"""Alembic's entry: runs the migrations on the connection that `migrations.__main__` hands it."""

from __future__ import annotations

from alembic import context

from core.database.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
