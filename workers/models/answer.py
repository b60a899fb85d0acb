"""What is asked of a model, and the pieces in which an answer arrives.

These are the chain's whole vocabulary: a runner turns them into events and knows nothing of providers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from strands.types.content import Message

from core.jobs.states import Failure
from workers.context import AgentFailure


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a model: who it is, what was said before, and what is wanted now."""

    system: str
    prompt: str
    history: list[Message] = field(default_factory=list)
    """Earlier messages, the user's first, the roles alternating, the last one the assistant's."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. Zero where the model had no chance to say, as after a cancel."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0

    def plus(self, earlier: Usage | None) -> Usage:
        """Both together, under this one's model."""
        if earlier is None:
            return self
        return Usage(
            self.model,
            self.input_tokens + earlier.input_tokens,
            self.output_tokens + earlier.output_tokens,
        )

    def view(self) -> dict[str, Any]:
        """As a job's `usage` shows it."""
        return {
            "model": self.model,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }


@dataclass(frozen=True, slots=True)
class Answering:
    """This model has begun to answer."""

    model: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model reasons before it writes; said once an answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """The next piece of its text."""

    text: str


@dataclass(frozen=True, slots=True)
class FellBack:
    """A candidate failed; all that it said is void, and another is asked."""

    from_model: str
    to_model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is over: `complete`, `cut` short by a limit on its length, or `stopped` because it was asked to."""

    how: Literal["complete", "cut", "stopped"]
    usage: Usage


Piece = Answering | Thinking | Said | FellBack | Ended


def refused(model: str, usage: Usage) -> AgentFailure:
    """The end of a job whose model, or a guardrail before it, would not answer."""
    return AgentFailure(
        Failure.CONTENT_REFUSED,
        "The model refused this request",
        f"{model} or a guardrail in front of it declined to answer. Put the request in other words.",
        usage=usage.view(),
    )
