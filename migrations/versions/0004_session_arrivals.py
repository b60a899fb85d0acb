"""Jobs of a session are numbered as they come, so that a stream of the session can say how far it has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("arrivals", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("jobs", sa.Column("session_arrival", sa.Integer(), nullable=True))
    # Ids sort by the time at which they were made, which is as near as what is stored tells.
    op.execute(
        """
        UPDATE jobs SET session_arrival = numbered.place FROM (
            SELECT id, row_number() OVER (PARTITION BY session_id ORDER BY id) AS place FROM jobs
            WHERE session_id IS NOT NULL) AS numbered
        WHERE jobs.id = numbered.id
        """
    )
    op.execute(
        """
        UPDATE sessions SET arrivals = counted.count FROM (
            SELECT session_id, count(*) AS count FROM jobs WHERE session_id IS NOT NULL GROUP BY session_id) AS counted
        WHERE sessions.id = counted.session_id
        """
    )
    op.create_index(
        "jobs_session_arrival",
        "jobs",
        ["session_id", "session_arrival"],
        unique=True,
        postgresql_where=sa.text("session_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("jobs_session_arrival", table_name="jobs")
    op.drop_column("jobs", "session_arrival")
    op.drop_column("sessions", "arrivals")
