"""Every table of the service, as the migrations must leave it.

Queries are written in SQL beside the things they are about and run by asyncpg; these tables exist so that the
schema can be read in one place, and so that `python -m migrations --check` can hold the migrations to it.
What heartbeats and appends rewrite stays narrow: inputs, results and bytes are in tables of their own.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

NOW = text("now()")
FALSE = text("false")
ZERO = text("0")
EMPTY_OBJECT = text("'{}'::jsonb")


class Table(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it from the class)
        UUID: PG_UUID(as_uuid=True),
        datetime: TIMESTAMP(timezone=True),
        str: Text,
        dict[str, Any]: JSONB,
        bytes: LargeBinary,
    }


class Tenant(Table):
    """Who owns things. The first one is made by the first migration."""

    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    weight: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    """Its share of the slots beside other tenants that wait."""
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    """What was said of it (`core.limits.model.Limits`); of what was not, the service's defaults hold."""
    suspended_at: Mapped[datetime | None]
    """Nobody of it is let in since then."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    # What the dispatcher asks before each plan: is anybody limited?
    __table_args__ = (Index("tenants_running_limited", "id", postgresql_where=text("limits ? 'running_jobs'")),)


class ApiKey(Table):
    """What recognises a key that was given out, and what it is good for."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    hint: Mapped[str]
    """Its first characters, by which people tell their keys apart."""
    sha256: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """To the minute or so."""
    rotated_from: Mapped[UUID | None]
    """The key in whose place it was made."""
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    """What it is held to beside its tenant's limits."""

    __table_args__ = (Index(None, "tenant_id", "id"),)


class SignIn(Table):
    """What recognises the cookie of a page that signed in. Ends with the key that it was traded for."""

    __tablename__ = "sign_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    """None: it was traded for a token of another issuer."""
    subject: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sha256: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Table):
    """One act of an admin. Only ever inserted; refers to nothing, because it outlives what it tells of."""

    __tablename__ = "audit_log"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    tenant_id: Mapped[UUID]
    """The tenant of whoever acted."""
    subject: Mapped[str]
    key_id: Mapped[UUID | None]
    action: Mapped[str]
    target: Mapped[str]
    detail: Mapped[dict[str, Any]]
    request_id: Mapped[str]


class Session(Table):
    """A conversation with its files and its sandbox. Its row is the lock under which its jobs get their order."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    title: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_job_seq: Mapped[int] = mapped_column(server_default=ZERO)
    """Number of the session's newest job."""
    arrivals: Mapped[int] = mapped_column(server_default=ZERO)
    """Jobs that came to it so far, those that are still to take their place included."""
    files_version: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    """Counts every change of a file, so that a sandbox knows what it has not seen."""
    deleted_at: Mapped[datetime | None]
    """Since then it is shown to nobody; it goes when its last job has ended."""

    __table_args__ = (
        Index(None, "tenant_id", "id"),
        Index("sessions_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )


class Sandbox(Table):
    """The sandbox session that a session's code runs in; kept by compare-and-set under a job's attempt."""

    __tablename__ = "sandboxes"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    sandbox_id: Mapped[str]
    """The server's own name for it."""
    tier: Mapped[str]
    job_id: Mapped[UUID]
    attempt: Mapped[int] = mapped_column(SmallInteger)
    """Job and attempt that used it last."""
    files_version: Mapped[int] = mapped_column(BigInteger)
    """The session's files_version that it has."""
    suspect: Mapped[bool] = mapped_column(server_default=FALSE)
    """That attempt broke off: its code may still run in there, or have left anything behind."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(server_default=NOW)
    """When a job last began to use it."""
    ended_because: Mapped[str | None]
    """It is not to be used any more, and why, in the user's words. The next job gets another, and tells."""


class StartedSandbox(Table):
    """A sandbox that was, or may have been, started and is not known to be stopped. Refers to nothing: it outlives the
    session, and the job, that it was for.
    """

    __tablename__ = "started_sandboxes"

    token: Mapped[str] = mapped_column(primary_key=True)
    """What it was started with: asked for again with it, the server gives the same one."""
    job_id: Mapped[UUID]
    attempt: Mapped[int] = mapped_column(SmallInteger)
    """The job and attempt that it was started for."""
    name: Mapped[str]
    lifetime_s: Mapped[int]
    sandbox_id: Mapped[str | None] = mapped_column(index=True)
    """None: nobody was there any more to note it."""
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    stopping_at: Mapped[datetime | None]


class Job(Table):
    """One piece of work: what decides about it, kept narrow, because heartbeats and appends rewrite it."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[UUID | None]
    """The API key that it was submitted with; refers to nothing, because usage outlives keys."""
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    session_seq: Mapped[int | None]
    """The job's number in its session; None until its `run_at` has come."""
    session_arrival: Mapped[int | None]
    """Which of its session's jobs it was to come: 1, 2, 3 … from the start, in the order of their commits. By it a
    stream of a session says how far it has come.
    """
    holds: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    """What of the session it uses alone: 1 the conversation, 2 the sandbox, 3 both."""
    agent: Mapped[str]
    lane: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str]
    ready: Mapped[bool]
    """It may be released: its time has come, and no earlier job of its session stands before it."""
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    max_attempts: Mapped[int] = mapped_column(SmallInteger)
    handed_back: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    """Attempts that don't count, because a worker that was stopping gave the job back."""
    release: Mapped[int] = mapped_column(server_default=ZERO)
    """Goes up each time the job is given to the broker; a message with an older number finds nothing."""
    released_at: Mapped[datetime | None]
    """Set while a message for it is under way."""
    worker_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    last_seq: Mapped[int]
    """Number of the job's newest event."""
    run_at: Mapped[datetime | None]
    """Not before this time: the submitter's wish, or a retry's back-off."""
    deadline_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    replayed_from: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("state IN ('queued','running','succeeded','failed','cancelled','expired')", name="state"),
        CheckConstraint("lane IN ('interactive','batch')", name="lane"),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint(
            "(state IN ('succeeded','failed','cancelled','expired')) = (finished_at IS NOT NULL)",
            name="finished",
        ),
        UniqueConstraint("session_id", "session_seq"),
        Index(
            "jobs_session_arrival",
            "session_id",
            "session_arrival",
            unique=True,
            postgresql_where=text("session_id IS NOT NULL"),
        ),
        Index(
            "jobs_ready",
            "agent",
            "lane",
            "tenant_id",
            text("priority DESC"),
            "id",
            postgresql_where=text("state = 'queued' AND released_at IS NULL AND ready"),
        ),
        Index(
            "jobs_inflight",
            "agent",
            "lane",
            "tenant_id",
            postgresql_where=text("state = 'running' OR (state = 'queued' AND released_at IS NOT NULL)"),
        ),
        Index("jobs_lease", "lease_until", postgresql_where=text("state = 'running'")),
        Index("jobs_due", "run_at", postgresql_where=text("state = 'queued' AND NOT ready AND run_at IS NOT NULL")),
        Index(
            "jobs_deadline",
            "deadline_at",
            postgresql_where=text("state = 'queued' AND deadline_at IS NOT NULL"),
        ),
        Index(
            "jobs_session_live",
            "session_id",
            "session_seq",
            postgresql_where=text("state IN ('queued','running')"),
        ),
        # The last guard of session order: two running jobs can never hold the same thing of one session.
        Index(
            "jobs_one_conversation",
            "session_id",
            unique=True,
            postgresql_where=text("state = 'running' AND (holds & 1) <> 0"),
        ),
        Index(
            "jobs_one_sandbox",
            "session_id",
            unique=True,
            postgresql_where=text("state = 'running' AND (holds & 2) <> 0"),
        ),
        # What a submit counts for a limit of waiting jobs, and what the backlog is counted from.
        Index("jobs_queued", "tenant_id", postgresql_where=text("state = 'queued'")),
        Index(
            "jobs_key_live",
            "key_id",
            postgresql_where=text("key_id IS NOT NULL AND state IN ('queued','running')"),
        ),
        Index(None, "tenant_id", "id"),
        {"postgresql_with": {"fillfactor": "80"}},
    )


class JobInput(Table):
    """What the submitter sent; written once."""

    __tablename__ = "job_inputs"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    input: Mapped[dict[str, Any]]
    # `metadata` is a name that SQLAlchemy keeps for itself.
    labels: Mapped[dict[str, Any]] = mapped_column("metadata", server_default=EMPTY_OBJECT)


class JobResult(Table):
    """How a job ended; written once, in the transaction that ended it."""

    __tablename__ = "job_results"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]


class Question(Table):
    """What a running job asks a person. Gone with its answer: that lies here only until the worker takes it."""

    __tablename__ = "questions"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    """The attempt that asks; the question is over when that is."""
    request: Mapped[str]
    """Its name, in the job's events and in the answer."""
    text: Mapped[str | None]
    """The answer, on its way."""
    asked_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Event(Table):
    """What happened to a job, numbered 1, 2, 3 … without a gap. Only ever inserted."""

    __tablename__ = "events"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    type: Mapped[str]
    data: Mapped[dict[str, Any]]


class Blob(Table):
    """Bytes that must last: a file of a session or an artifact of a job. Its content is in chunks."""

    __tablename__ = "blobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class BlobChunk(Table):
    """A piece of a blob: all but the last have the same size, so a range finds its chunks by arithmetic."""

    __tablename__ = "blob_chunks"

    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    data: Mapped[bytes]


class Artifact(Table):
    """A figure or the like that a job made, by its name in the job."""

    __tablename__ = "artifacts"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    mime: Mapped[str]
    blob_id: Mapped[UUID] = mapped_column(ForeignKey("blobs.id"), index=True)


class File(Table):
    """One version of a file of a session. The newest of a path has no `replaced_at`."""

    __tablename__ = "files"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    path: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger)
    """The session's files_version that brought it."""
    blob_id: Mapped[UUID | None] = mapped_column(ForeignKey("blobs.id"), index=True)
    """None: the path was deleted with this version."""
    job_id: Mapped[UUID | None]
    """The job whose code wrote it; None where it was uploaded."""
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    replaced_at: Mapped[datetime | None]
    obsolete_at: Mapped[datetime | None]
    """It is to be removed: it is one version too many, or its file was deleted by its owner."""

    __table_args__ = (
        Index("files_current", "session_id", "path", unique=True, postgresql_where=text("replaced_at IS NULL")),
        Index("files_by_version", "session_id", "version"),
        Index("files_versions", "session_id", "path", "version"),
        Index("files_obsolete", "obsolete_at", postgresql_where=text("obsolete_at IS NOT NULL")),
    )


class StorageUsed(Table):
    """Bytes of a tenant's blobs: the sum of its rows. Kept by triggers on `blobs`, which no code can forget."""

    __tablename__ = "storage_used"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Of sixteen, by connection, so that those who store for one tenant seldom wait for each other. One alone may be
    negative."""
    bytes: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)


class UsageDay(Table):
    """What jobs that ran used, by the day (UTC) on which they ended. Written in the transaction of their end."""

    __tablename__ = "usage_days"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    """All zeros where no key came with the submit."""
    agent: Mapped[str] = mapped_column(primary_key=True)
    worker_id: Mapped[UUID] = mapped_column(primary_key=True)
    """Each process adds to rows of its own, so that none waits for another. Days past are merged, under all zeros."""
    jobs: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    run_ms: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    input_tokens: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    output_tokens: Mapped[int] = mapped_column(BigInteger, server_default=ZERO)
    cost_usd: Mapped[Decimal] = mapped_column(Numeric, server_default=ZERO)

    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)


class IdempotencyKey(Table):
    """A create that a client may repeat: what was asked, and the answer to give again. Kept for a day."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    route: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, index=True)


class Worker(Table):
    """A live worker process. Slots are counted from these rows, never kept in a counter."""

    __tablename__ = "workers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pool: Mapped[str]
    agents: Mapped[list[str]] = mapped_column(ARRAY(Text))
    hostname: Mapped[str]
    pid: Mapped[int]
    slots: Mapped[int]
    info: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_OBJECT)
    """What operators and the page want to know of it: the model in use, the sandbox and its tier."""
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=NOW)
    stopping: Mapped[bool] = mapped_column(server_default=FALSE)
