"""Every sandbox that was started is known until it is stopped, and a session that is deleted goes with all it has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)
ID = postgresql.UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "started_sandboxes",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lifetime_s", sa.Integer(), nullable=False),
        sa.Column("sandbox_id", sa.Text(), nullable=True),
        sa.Column("started_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("stopping_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("token", name="started_sandboxes_pkey"),
    )
    op.create_index("started_sandboxes_sandbox_id_idx", "started_sandboxes", ["sandbox_id"])
    op.add_column("sandboxes", sa.Column("used_at", TIME, server_default=sa.text("now()"), nullable=False))
    op.add_column("sandboxes", sa.Column("ended_because", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("deleted_at", TIME, nullable=True))
    op.create_index("sessions_deleted", "sessions", ["deleted_at"], postgresql_where=sa.text("deleted_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("sessions_deleted", table_name="sessions")
    op.drop_column("sessions", "deleted_at")
    op.drop_column("sandboxes", "ended_because")
    op.drop_column("sandboxes", "used_at")
    op.drop_table("started_sandboxes")
