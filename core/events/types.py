"""The vocabulary of events: what each type carries beyond the common fields.

These models are the contract: the OpenAPI document shows them, the web client's types come from them, and tests
hold what agents emit to them. At run time events are plain dictionaries.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field

from core.agents.execute import CodeError
from core.jobs.job import JobView


class Common(BaseModel):
    """What every event has."""

    job_id: str
    seq: int = Field(description="Number of the event in its job: 1, 2, 3 … without a gap")
    attempt: int
    at: str = Field(description="RFC 3339, UTC")
    truncated: Literal[True] | None = Field(
        None, description="It was larger than an event may be, and its longest parts are cut"
    )


class JobQueued(Common):
    type: Literal["job.queued"]


class JobRunning(Common):
    type: Literal["job.running"]
    worker: str


class JobProgress(Common):
    type: Literal["job.progress"]
    message: str
    step: int | None = None
    steps: int | None = None
    percent: float | None = None


class JobRetrying(Common):
    type: Literal["job.retrying"]
    reason: str
    next_attempt_at: str


class ModelSelected(Common):
    type: Literal["model.selected"]
    model: str


class ModelFallback(Common):
    """The first model could not answer; the next one is asked."""

    type: Literal["model.fallback"]
    from_: str = Field(alias="from")
    to: str
    reason: str


class TextDelta(Common):
    type: Literal["text.delta"]
    text: str


class CodeDelta(Common):
    type: Literal["code.delta"]
    text: str


class CodeReset(Common):
    """Forget the code so far: the answer broke off and begins anew."""

    type: Literal["code.reset"]


class CodeCompleted(Common):
    type: Literal["code.completed"]
    code: str
    explanation: str


class Stdout(Common):
    type: Literal["stdout"]
    text: str


class Stderr(Common):
    type: Literal["stderr"]
    text: str


class ArtifactRef(BaseModel):
    """Bytes to be fetched from `/v1/jobs/{job_id}/artifacts/{artifact}`."""

    artifact: str
    size: int


class Output(Common):
    """A figure, a table or a value: each MIME type maps to its text (or JSON), or to an artifact."""

    type: Literal["output"]
    data: dict[str, Any] = Field(description="Empty when the output of this number is taken away again")
    number: int | None = Field(
        None, description="Its place among the run's outputs; one of the same number takes the place of the earlier"
    )
    execution_count: int | None = None


class CodeErrored(Common, CodeError):
    """The program raised."""

    type: Literal["error"]


class InputRequested(Common):
    """The program waits for an answer (`POST /v1/jobs/{job_id}/input`)."""

    type: Literal["input.requested"]
    request: str = Field(description="Names the question in its answer")
    prompt: str
    password: bool = Field(description="The answer is not to be shown")


class InputReceived(Common):
    """The program has its answer. What it is, is kept nowhere."""

    type: Literal["input.received"]
    request: str


class ToolStarted(Common):
    """A step of `solve`: what comes until it is finished is this program's."""

    type: Literal["tool.started"]
    step: int
    code: str


class ToolFinished(Common):
    type: Literal["tool.finished"]
    step: int
    ok: bool = Field(description="The program ran to its end")


class SandboxStarted(Common):
    type: Literal["sandbox.started"]
    tier: str


class SandboxReset(Common):
    """Files are restored, variables are gone."""

    type: Literal["sandbox.reset"]
    reason: str


class FileChanged(Common):
    type: Literal["file.changed"]
    path: str
    size: int
    change: Literal["created", "modified", "deleted"]
    file_id: str | None


class JobSucceeded(Common):
    type: Literal["job.succeeded"]
    job: JobView


class JobFailed(Common):
    type: Literal["job.failed"]
    job: JobView


class JobCancelled(Common):
    type: Literal["job.cancelled"]
    job: JobView


class JobExpired(Common):
    type: Literal["job.expired"]
    job: JobView


class QueuePosition(BaseModel):
    """A hint for watched jobs: not in the log, without a number, and at most once a second."""

    type: Literal["queue.position"]
    job_id: str
    position: int = Field(description="Jobs that would run before it if nothing else came")
    eta_s: float | None = Field(description="About how many seconds until it runs; null where nothing can be said")


JobEvent = Annotated[
    JobQueued
    | JobRunning
    | JobProgress
    | JobRetrying
    | ModelSelected
    | ModelFallback
    | TextDelta
    | CodeDelta
    | CodeReset
    | CodeCompleted
    | Stdout
    | Stderr
    | Output
    | CodeErrored
    | InputRequested
    | InputReceived
    | ToolStarted
    | ToolFinished
    | SandboxStarted
    | SandboxReset
    | FileChanged
    | JobSucceeded
    | JobFailed
    | JobCancelled
    | JobExpired,
    Field(discriminator="type"),
]


def _types() -> frozenset[str]:
    union, _ = get_args(JobEvent)
    return frozenset(name for model in get_args(union) for name in get_args(model.model_fields["type"].annotation))


OF_AGENTS = frozenset(name for name in _types() if not name.startswith("job.")) | {"job.progress"}
"""What agents may say; the job's own life is told by the service alone."""
