"""What a client may say of a session, and what it is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.agents.text import Text

Title = Annotated[Text, Field(max_length=200)]


class SessionCreate(BaseModel):
    """A new session."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""


class SessionChange(BaseModel):
    """What can be changed of a session."""

    model_config = ConfigDict(extra="forbid")

    title: Title


class SandboxState(BaseModel):
    """The sandbox that the session's variables live in."""

    state: Literal["none", "running"]
    expires_at: str | None


class SessionView(BaseModel):
    """A session as it is shown."""

    id: str
    title: str
    jobs: int
    sandbox: SandboxState
    created_at: str
    updated_at: str


class SessionPage(BaseModel):
    """A page of sessions, newest first."""

    items: list[SessionView]
    next_cursor: str | None


class SessionUsage(BaseModel):
    """What the session's ended jobs used of language models."""

    input_tokens: int
    output_tokens: int
    cost_usd: float = Field(description="As far as the models have prices (`ACI_MODEL_PRICES`)")
