"""A job as it is read, and as the API shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.database.pool import Record
from core.ids import Prefix, encode
from core.jobs.states import Lane, State


class Timings(BaseModel):
    """Milliseconds; null while the end of the span is not reached."""

    queued_ms: int | None
    run_ms: int | None


class QueuePlace(BaseModel):
    """Where a queued job stands. A hint, worked out when it is asked for."""

    position: int = Field(description="Jobs that would run before it if nothing else came")
    eta_s: float | None


class JobProblem(BaseModel):
    """Why a job failed; kinds of failure may say more in fields of their own."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    detail: str


class JobView(BaseModel):
    """A job as the API shows it. Times are RFC 3339 in UTC."""

    id: str
    agent: str
    state: State
    lane: Lane
    priority: int
    session_id: str | None
    attempt: int
    max_attempts: int
    input: dict[str, Any]
    result: dict[str, Any] | None
    error: JobProblem | None
    usage: dict[str, Any] | None
    timings: Timings
    queue: QueuePlace | None = Field(None, description="While queued, and where one job is asked for by itself")
    cancel_requested: bool
    created_at: str
    run_at: str | None
    started_at: str | None
    finished_at: str | None
    deadline_at: str | None
    metadata: dict[str, Any]
    replayed_from: str | None
    last_seq: int = Field(description="Number of its newest event")


@dataclass(frozen=True, slots=True)
class Job:
    """One job with its input and, once it ended, its result."""

    id: UUID
    tenant_id: UUID
    agent: str
    state: State
    lane: str
    priority: int
    session_id: UUID | None
    attempt: int
    """Attempts begun so far; the number that fences every write of a worker."""
    max_attempts: int
    input: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    usage: dict[str, Any] | None
    metadata: dict[str, Any]
    last_seq: int
    """Number of its newest event."""
    cancel_requested_at: datetime | None
    created_at: datetime
    run_at: datetime | None
    started_at: datetime | None
    """When its latest attempt began."""
    finished_at: datetime | None
    deadline_at: datetime | None
    replayed_from: UUID | None

    @classmethod
    def from_record(cls, record: Record) -> Job:
        """From a row of `reading.COLUMNS`."""
        return cls(**{**record, "state": State(record["state"])})

    def view(self) -> dict[str, Any]:
        """The JSON of a `JobView`."""
        return {
            "id": encode(Prefix.JOB, self.id),
            "agent": self.agent,
            "state": self.state.value,
            "lane": self.lane,
            "priority": self.priority,
            "session_id": self.session_id and encode(Prefix.SESSION, self.session_id),
            "attempt": self.attempt,
            "max_attempts": self.max_attempts,
            "input": self.input,
            "result": self.result,
            "error": self.error,
            "usage": self.usage,
            "timings": {
                "queued_ms": _milliseconds(self.created_at, self.started_at),
                "run_ms": _milliseconds(self.started_at, self.finished_at),
            },
            "queue": None,
            "cancel_requested": self.cancel_requested_at is not None,
            "created_at": timestamp(self.created_at),
            "run_at": self.run_at and timestamp(self.run_at),
            "started_at": self.started_at and timestamp(self.started_at),
            "finished_at": self.finished_at and timestamp(self.finished_at),
            "deadline_at": self.deadline_at and timestamp(self.deadline_at),
            "metadata": self.metadata,
            "replayed_from": self.replayed_from and encode(Prefix.JOB, self.replayed_from),
            "last_seq": self.last_seq,
        }


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)
