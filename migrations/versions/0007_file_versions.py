"""Older versions of files are kept, and can be had, until they are one too many or their file is deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("files", sa.Column("obsolete_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.execute("UPDATE files SET obsolete_at = replaced_at")
    op.drop_index("files_replaced", table_name="files")
    op.create_index("files_obsolete", "files", ["obsolete_at"], postgresql_where=sa.text("obsolete_at IS NOT NULL"))
    op.create_index("files_versions", "files", ["session_id", "path", "version"])


def downgrade() -> None:
    op.drop_index("files_versions", table_name="files")
    op.drop_index("files_obsolete", table_name="files")
    op.create_index("files_replaced", "files", ["replaced_at"], postgresql_where=sa.text("replaced_at IS NOT NULL"))
    op.drop_column("files", "obsolete_at")
