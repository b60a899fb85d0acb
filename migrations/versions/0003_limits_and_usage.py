"""Limits of tenants and keys; what was used of them: storage by triggers, jobs and tokens by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EMPTY_OBJECT = sa.text("'{}'::jsonb")
ZERO = sa.text("0")

LIMIT_IN_THE_WAY = """
CREATE FUNCTION limit_in_the_way(
    whose uuid, with_key uuid, adding integer, queued_limit integer, key_queued_limit integer, key_live_limit integer,
    token_limit bigint, key_token_limit bigint, cost_limit numeric, key_cost_limit numeric)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    tokens numeric;
    cost numeric;
BEGIN
    IF coalesce(token_limit, key_token_limit) IS NOT NULL OR coalesce(cost_limit, key_cost_limit) IS NOT NULL THEN
        SELECT sum(input_tokens + output_tokens), sum(cost_usd) INTO tokens, cost FROM usage_days
        WHERE tenant_id = whose AND day = (now() AT TIME ZONE 'UTC')::date;
        IF coalesce(tokens, 0) >= token_limit THEN RETURN 'tenant tokens_per_day'; END IF;
        IF coalesce(cost, 0) >= cost_limit THEN RETURN 'tenant cost_per_day_usd'; END IF;
        IF with_key IS NOT NULL AND (key_token_limit IS NOT NULL OR key_cost_limit IS NOT NULL) THEN
            SELECT sum(input_tokens + output_tokens), sum(cost_usd) INTO tokens, cost FROM usage_days
            WHERE tenant_id = whose AND day = (now() AT TIME ZONE 'UTC')::date AND key_id = with_key;
            IF coalesce(tokens, 0) >= key_token_limit THEN RETURN 'key tokens_per_day'; END IF;
            IF coalesce(cost, 0) >= key_cost_limit THEN RETURN 'key cost_per_day_usd'; END IF;
        END IF;
    END IF;
    IF coalesce(queued_limit, key_queued_limit, key_live_limit) IS NOT NULL THEN
        -- One submit of a tenant after the other, up to its commit. A volatile function takes a new snapshot for each
        -- of its statements, so what is counted below includes all that was committed before the lock was given.
        PERFORM pg_advisory_xact_lock(hashtext('aci.queued'), hashtext(whose::text));
        IF queued_limit IS NOT NULL AND adding + (SELECT count(*) FROM (
                SELECT FROM jobs WHERE tenant_id = whose AND state = 'queued' LIMIT queued_limit) AS waiting
            ) > queued_limit THEN
            RETURN 'tenant queued_jobs';
        END IF;
        IF key_queued_limit IS NOT NULL AND adding + (SELECT count(*) FROM (
                SELECT FROM jobs WHERE key_id = with_key AND state = 'queued' LIMIT key_queued_limit) AS waiting
            ) > key_queued_limit THEN
            RETURN 'key queued_jobs';
        END IF;
        IF key_live_limit IS NOT NULL AND adding + (SELECT count(*) FROM (
                SELECT FROM jobs WHERE key_id = with_key AND state IN ('queued', 'running') LIMIT key_live_limit
            ) AS live) > key_live_limit THEN
            RETURN 'key running_jobs';
        END IF;
    END IF;
    RETURN NULL;
END
$$
"""

# One row for each tenant would be waited for by all who store something for it: a connection has one of sixteen. And it
# is changed at the commit, after every other lock, so that nobody can wait for it and be waited for.
COUNT_STORAGE = """
CREATE FUNCTION count_storage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storage_used AS used (tenant_id, shard, bytes)
    VALUES (coalesce(NEW.tenant_id, OLD.tenant_id), pg_backend_pid() % 16,
            coalesce(NEW.size, 0) - coalesce(OLD.size, 0))
    ON CONFLICT (tenant_id, shard) DO UPDATE SET bytes = used.bytes + excluded.bytes;
    RETURN NULL;
END
$$
"""

TRIGGERS = {
    "blobs_stored": "INSERT ON blobs {deferred} WHEN (NEW.size <> 0)",
    "blobs_sized": "UPDATE OF size ON blobs {deferred} WHEN (NEW.size <> OLD.size)",
    "blobs_removed": "DELETE ON blobs {deferred} WHEN (OLD.size <> 0)",
}
DEFERRED = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"


def upgrade() -> None:
    op.add_column("tenants", sa.Column("limits", postgresql.JSONB(), server_default=EMPTY_OBJECT, nullable=False))
    op.execute(
        "UPDATE tenants SET limits = jsonb_build_object('running_jobs', running_limit) WHERE running_limit IS NOT NULL"
    )
    op.drop_column("tenants", "running_limit")
    op.create_index("tenants_running_limited", "tenants", ["id"], postgresql_where=sa.text("limits ? 'running_jobs'"))
    op.add_column("api_keys", sa.Column("limits", postgresql.JSONB(), server_default=EMPTY_OBJECT, nullable=False))
    op.add_column("jobs", sa.Column("key_id", sa.UUID(), nullable=True))
    op.create_index("jobs_queued", "jobs", ["tenant_id"], postgresql_where=sa.text("state = 'queued'"))
    op.create_index(
        "jobs_key_live",
        "jobs",
        ["key_id"],
        postgresql_where=sa.text("key_id IS NOT NULL AND state IN ('queued','running')"),
    )
    op.create_table(
        "usage_days",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key_id", sa.UUID(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.UUID(), nullable=False),
        sa.Column("jobs", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("run_ms", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), server_default=ZERO, nullable=False),
        sa.Column("cost_usd", sa.Numeric(), server_default=ZERO, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("usage_days_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("tenant_id", "day", "key_id", "agent", "worker_id", name=op.f("usage_days_pkey")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "storage_used",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("storage_used_tenant_id_fkey")),
        sa.PrimaryKeyConstraint("tenant_id", "shard", name=op.f("storage_used_pkey")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index("files_replaced", "files", ["replaced_at"], postgresql_where=sa.text("replaced_at IS NOT NULL"))
    op.execute(LIMIT_IN_THE_WAY)
    op.execute(COUNT_STORAGE)
    for name, when in TRIGGERS.items():
        event = when.format(deferred=DEFERRED)
        op.execute(f"CREATE CONSTRAINT TRIGGER {name} AFTER {event} EXECUTE FUNCTION count_storage()")
    op.execute(
        "INSERT INTO storage_used (tenant_id, shard, bytes) "
        "SELECT tenant_id, 0, sum(size) FROM blobs GROUP BY tenant_id"
    )


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON blobs")
    op.execute("DROP FUNCTION count_storage")
    op.execute("DROP FUNCTION limit_in_the_way")
    op.drop_index("files_replaced", table_name="files", postgresql_where=sa.text("replaced_at IS NOT NULL"))
    op.drop_table("storage_used")
    op.drop_table("usage_days")
    op.drop_index(
        "jobs_key_live",
        table_name="jobs",
        postgresql_where=sa.text("key_id IS NOT NULL AND state IN ('queued','running')"),
    )
    op.drop_index("jobs_queued", table_name="jobs", postgresql_where=sa.text("state = 'queued'"))
    op.drop_column("jobs", "key_id")
    op.drop_column("api_keys", "limits")
    op.add_column("tenants", sa.Column("running_limit", sa.Integer(), nullable=True))
    op.execute("UPDATE tenants SET running_limit = (limits->>'running_jobs')::integer")
    op.drop_index("tenants_running_limited", table_name="tenants", postgresql_where=sa.text("limits ? 'running_jobs'"))
    op.drop_column("tenants", "limits")
