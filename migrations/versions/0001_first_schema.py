"""The first schema: tenants, sessions with files and sandboxes, jobs with their events and results, workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from core.tenants import DEFAULT_TENANT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("running_limit", sa.Integer(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("tenants_pkey")),
        sa.UniqueConstraint("name", name=op.f("tenants_name_key")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("agents", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column(
            "info", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("heartbeat_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stopping", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("workers_pkey")),
    )
    op.create_table(
        "blobs",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("blobs_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("blobs_pkey")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("idempotency_keys_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("tenant_id", "route", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_index(op.f("idempotency_keys_created_at_idx"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_job_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("files_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("sessions_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sessions_pkey")),
    )
    op.create_index(op.f("sessions_tenant_id_id_idx"), "sessions", ["tenant_id", "id"], unique=False)
    op.create_table(
        "blob_chunks",
        sa.Column("blob_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("blob_chunks_blob_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("blob_id", "number", name=op.f("blob_chunks_pkey")),
    )
    op.create_table(
        "files",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("blob_id", sa.UUID(), nullable=True),
        sa.Column("job_id", sa.UUID(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("replaced_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("files_blob_id_fkey")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("files_session_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("files_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("files_pkey")),
    )
    op.create_index(op.f("files_blob_id_idx"), "files", ["blob_id"], unique=False)
    op.create_index("files_by_version", "files", ["session_id", "version"], unique=False)
    op.create_index(
        "files_current", "files", ["session_id", "path"], unique=True, postgresql_where=sa.text("replaced_at IS NULL")
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("session_id", sa.UUID(), nullable=True),
        sa.Column("session_seq", sa.Integer(), nullable=True),
        sa.Column("holds", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("handed_back", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("release", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("released_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("worker_id", sa.UUID(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("run_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("deadline_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("replayed_from", sa.UUID(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name=op.f("jobs_lease_check")),
        sa.CheckConstraint(
            "(state IN ('succeeded','failed','cancelled','expired')) = (finished_at IS NOT NULL)",
            name=op.f("jobs_finished_check"),
        ),
        sa.CheckConstraint("lane IN ('interactive','batch')", name=op.f("jobs_lane_check")),
        sa.CheckConstraint(
            "state IN ('queued','running','succeeded','failed','cancelled','expired')", name=op.f("jobs_state_check")
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("jobs_priority_check")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("jobs_session_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("jobs_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
        sa.UniqueConstraint("session_id", "session_seq", name=op.f("jobs_session_id_session_seq_key")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "jobs_deadline",
        "jobs",
        ["deadline_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND deadline_at IS NOT NULL"),
    )
    op.create_index(
        "jobs_due",
        "jobs",
        ["run_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND NOT ready AND run_at IS NOT NULL"),
    )
    op.create_index(
        "jobs_inflight",
        "jobs",
        ["agent", "lane", "tenant_id"],
        unique=False,
        postgresql_where=sa.text("state = 'running' OR (state = 'queued' AND released_at IS NOT NULL)"),
    )
    op.create_index("jobs_lease", "jobs", ["lease_until"], unique=False, postgresql_where=sa.text("state = 'running'"))
    op.create_index(
        "jobs_one_conversation",
        "jobs",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running' AND (holds & 1) <> 0"),
    )
    op.create_index(
        "jobs_one_sandbox",
        "jobs",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running' AND (holds & 2) <> 0"),
    )
    op.create_index(
        "jobs_ready",
        "jobs",
        ["agent", "lane", "tenant_id", sa.literal_column("priority DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND released_at IS NULL AND ready"),
    )
    op.create_index(
        "jobs_session_live",
        "jobs",
        ["session_id", "session_seq"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued','running')"),
    )
    op.create_index(op.f("jobs_tenant_id_id_idx"), "jobs", ["tenant_id", "id"], unique=False)
    op.create_table(
        "sandboxes",
        sa.Column("session_id", sa.UUID(), nullable=False),
        sa.Column("sandbox_id", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("files_version", sa.BigInteger(), nullable=False),
        sa.Column("suspect", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("sandboxes_session_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("sandboxes_pkey")),
    )
    op.create_table(
        "artifacts",
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("blob_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("artifacts_blob_id_fkey")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("artifacts_job_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "name", name=op.f("artifacts_pkey")),
    )
    op.create_index(op.f("artifacts_blob_id_idx"), "artifacts", ["blob_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("events_job_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("events_pkey")),
    )
    op.create_table(
        "job_inputs",
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("input", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("job_inputs_job_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("job_inputs_pkey")),
    )
    op.create_table(
        "job_results",
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("usage", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("job_results_job_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("job_results_pkey")),
    )
    # Until there is sign-in, everything belongs to this one.
    op.execute(f"INSERT INTO tenants (id, name) VALUES ('{DEFAULT_TENANT}', 'default')")


def downgrade() -> None:
    op.drop_table("job_results")
    op.drop_table("job_inputs")
    op.drop_table("events")
    op.drop_index(op.f("artifacts_blob_id_idx"), table_name="artifacts")
    op.drop_table("artifacts")
    op.drop_table("sandboxes")
    op.drop_index(op.f("jobs_tenant_id_id_idx"), table_name="jobs")
    op.drop_index("jobs_session_live", table_name="jobs", postgresql_where=sa.text("state IN ('queued','running')"))
    op.drop_index(
        "jobs_ready", table_name="jobs", postgresql_where=sa.text("state = 'queued' AND released_at IS NULL AND ready")
    )
    op.drop_index(
        "jobs_one_sandbox", table_name="jobs", postgresql_where=sa.text("state = 'running' AND (holds & 2) <> 0")
    )
    op.drop_index(
        "jobs_one_conversation", table_name="jobs", postgresql_where=sa.text("state = 'running' AND (holds & 1) <> 0")
    )
    op.drop_index("jobs_lease", table_name="jobs", postgresql_where=sa.text("state = 'running'"))
    op.drop_index(
        "jobs_inflight",
        table_name="jobs",
        postgresql_where=sa.text("state = 'running' OR (state = 'queued' AND released_at IS NOT NULL)"),
    )
    op.drop_index(
        "jobs_due", table_name="jobs", postgresql_where=sa.text("state = 'queued' AND NOT ready AND run_at IS NOT NULL")
    )
    op.drop_index(
        "jobs_deadline", table_name="jobs", postgresql_where=sa.text("state = 'queued' AND deadline_at IS NOT NULL")
    )
    op.drop_table("jobs")
    op.drop_index("files_current", table_name="files", postgresql_where=sa.text("replaced_at IS NULL"))
    op.drop_index("files_by_version", table_name="files")
    op.drop_index(op.f("files_blob_id_idx"), table_name="files")
    op.drop_table("files")
    op.drop_table("blob_chunks")
    op.drop_index(op.f("sessions_tenant_id_id_idx"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("idempotency_keys_created_at_idx"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("blobs")
    op.drop_table("workers")
    op.drop_table("tenants")
