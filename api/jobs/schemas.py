"""What a client may say of a job. The shape of `input` is the agent's own, and the agents are those installed."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model, model_validator

from core.agents.registry import agents
from core.agents.text import Line
from core.events.types import JobEvent
from core.jobs.job import JobView
from core.jobs.states import Lane, OnBusy


class JobRequest(BaseModel):
    """What every job has; the agent's `input` is added for each agent below."""

    model_config = ConfigDict(extra="forbid")

    session_id: str | None = Field(None, description="The session whose files, conversation and sandbox it uses")
    lane: Lane = Field(Lane.INTERACTIVE, description="`batch` gives way to jobs that somebody waits for")
    priority: int = Field(5, ge=0, le=9, description="Higher goes first, among the jobs of one lane")
    run_at: AwareDatetime | None = Field(None, description="Not before this time; RFC 3339, with its offset")
    deadline_s: float | None = Field(
        None, gt=0, le=7 * 86400, description="Expires when not done so long after `run_at`, or after now"
    )
    on_busy: OnBusy = Field(OnBusy.ENQUEUE, description="When the session has such a job already")
    max_attempts: int | None = Field(None, ge=1, le=10, description="Attempts after infrastructure faults")
    metadata: dict[Annotated[Line, Field(max_length=64)], Annotated[Line, Field(max_length=500)]] = Field(
        default_factory=dict, max_length=16, description="Up to 16 labels of your own"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.on_busy is not OnBusy.ENQUEUE and self.run_at is not None:
            raise ValueError("on_busy is decided when a job is submitted, so it doesn't go with run_at")
        if self.on_busy is not OnBusy.ENQUEUE and self.session_id is None:
            raise ValueError("on_busy needs a session_id: without a session nothing is busy")
        return self


def _request_for(name: str, input_model: type[BaseModel]) -> type[JobRequest]:
    """A job request with one agent's input. A fresh class for each agent, named for the OpenAPI document."""
    model: type[JobRequest] = create_model(
        f"{name.title().replace('-', '').replace('_', '')}Job",
        __base__=JobRequest,
        __doc__=agents()[name].description,
        agent=(cast(Any, Literal)[name], ...),
        input=(input_model, ...),
    )
    return model


_REQUESTS: list[Any] = [_request_for(name, spec.input_model) for name, spec in agents().items()]

JobCreate: Any = Annotated[reduce(or_, _REQUESTS), Field(discriminator="agent")]
"""A request for any of the agents, told apart by `agent`."""


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobView]
    next_cursor: str | None


class Answer(BaseModel):
    """The answer to what a running job asks."""

    model_config = ConfigDict(extra="forbid")

    request: Annotated[Line, Field(min_length=1, max_length=100)] = Field(
        description="The `request` of the `input.requested` event"
    )
    text: Line


class Answered(BaseModel):
    """The answer is on its way to the program."""

    job_id: str
    request: str


class EventPage(BaseModel):
    """A page of a job's events, in order."""

    items: list[JobEvent]
    next_after: int | None = Field(description="What to pass as `after` for the next page; null at the end for now")
