"""What is asked of a model, and the pieces in which an answer arrives.

These are the chain's whole vocabulary: a runner turns them into events and knows nothing of providers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from strands.types.content import Message
from strands.types.tools import ToolSpec

from core.jobs.states import Failure
from workers.context import AgentFailure


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a model: who it is, what was said before, and what is wanted now."""

    system: str
    prompt: str
    history: list[Message] = field(default_factory=list)
    """Earlier messages, the user's first, the roles alternating, the last one the assistant's."""

    def as_call(self) -> Call:
        """As models take it."""
        return Call(self.system, [*self.history, {"role": "user", "content": [{"text": self.prompt}]}])


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as the models of Strands take it: the last message is the user's, or the result of a tool."""

    system: str
    messages: list[Message]
    tools: Sequence[ToolSpec] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost. `estimated` where the model had no chance to say, as after a cancel."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False

    def plus(self, earlier: Usage | None) -> Usage:
        """Both together, under this one's model."""
        if earlier is None:
            return self
        return Usage(
            self.model,
            self.input_tokens + earlier.input_tokens,
            self.output_tokens + earlier.output_tokens,
            self.estimated or earlier.estimated,
        )

    def view(self) -> dict[str, Any]:
        """As a job's `usage` shows it."""
        view: dict[str, Any] = {
            "model": self.model,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }
        return view | {"estimated": True} if self.estimated else view


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
class Calling:
    """It begins to call a tool; what follows as `Argument` is the call's input."""

    tool: str


@dataclass(frozen=True, slots=True)
class Argument:
    """The next piece of a tool's input, as JSON that is whole only at the end."""

    text: str


@dataclass(frozen=True, slots=True)
class FellBack:
    """A candidate failed, or is not even asked; all that it said is void, and another is asked."""

    from_model: str
    to_model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The answer is over: `complete`, `tools` where it waits for the tools it called, `cut` short by a limit on its
    length, or `stopped` because it was asked to.
    """

    how: Literal["complete", "tools", "cut", "stopped"]
    usage: Usage
    message: Message | None = None
    """The whole answer; None when it was stopped."""


Piece = Answering | Thinking | Said | Calling | Argument | FellBack | Ended


def refused(model: str, usage: Usage) -> AgentFailure:
    """The end of a job whose model, or a guardrail before it, would not answer."""
    return AgentFailure(
        Failure.CONTENT_REFUSED,
        "The model refused this request",
        f"{model} or a guardrail in front of it declined to answer. Put the request in other words.",
        usage=usage.view(),
    )
