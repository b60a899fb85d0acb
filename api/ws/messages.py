"""What a client may say on a socket, and what it is told. Every message is one JSON object with a `type`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from api.hub.vector import LONGEST
from api.jobs.schemas import JobCreate
from core.agents.text import Line

RequestId = Annotated[str, Field(min_length=1, max_length=200)]


class Message(BaseModel):
    """What every message may have."""

    model_config = ConfigDict(extra="forbid")

    request_id: RequestId | None = Field(None, description="Comes back with the answer")


class Submit(Message):
    """A job, once: sent again under the same `request_id`, it is answered as the first time."""

    type: Literal["submit"]
    request_id: RequestId
    job: JobCreate
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="The same beyond this socket, as the header of that name has it",
    )


class Cancel(Message):
    """Stop a job."""

    type: Literal["cancel"]
    job_id: str


class Input(Message):
    """Answer what a job asks: the question that `request` names, or whatever it is."""

    type: Literal["input"]
    job_id: str
    request: Annotated[Line, Field(min_length=1, max_length=100)] | None = None
    text: Line


class Subscription(Message):
    """What is followed: a job, or all jobs of a session."""

    job_id: str | None = None
    session_id: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.job_id is None) == (self.session_id is None):
            raise ValueError("name a job_id or a session_id")
        return self

    @property
    def name(self) -> str:
        """The id of what is followed."""
        name = self.job_id or self.session_id
        assert name is not None
        return name

    @property
    def about(self) -> dict[str, str]:
        """The field that names it."""
        return {"job_id" if self.job_id else "session_id": self.name}


class Subscribe(Subscription):
    """Follow it, after the event with this `id`."""

    type: Literal["subscribe"]
    after: Annotated[int, Field(ge=0)] | Annotated[str, Field(max_length=LONGEST)] | None = None


class Unsubscribe(Subscription):
    """Follow it no more."""

    type: Literal["unsubscribe"]


class Ping(Message):
    """Is somebody there? For browsers, whose scripts can't send a ping of the protocol's own."""

    type: Literal["ping"]


INCOMING: TypeAdapter[Submit | Cancel | Input | Subscribe | Unsubscribe | Ping] = TypeAdapter(
    Annotated[Submit | Cancel | Input | Subscribe | Unsubscribe | Ping, Field(discriminator="type")]
)


def answer(type_: str, request_id: str | None, **more: Any) -> dict[str, Any]:
    """What a client is told in answer to a message."""
    return {"type": type_, **({} if request_id is None else {"request_id": request_id}), **more}
