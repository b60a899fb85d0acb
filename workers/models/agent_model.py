"""The chain as one model of Strands, for agents with tools.

A Strands agent cannot take back what a model had begun to say. So it is given each answer only when that is whole,
from whichever candidate gave it; who listens hears the pieces as they come, a fallback and the new beginning included.
No tool runs before an answer is whole in any case, so the agent waits for nothing.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

from strands.types.content import Message, Messages, SystemContentBlock
from strands.types.exceptions import EventLoopException
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec

from workers.context import Interrupted
from workers.models.answer import Answering, Call, Ended, Piece
from workers.models.chain import ModelChain
from workers.models.own import OwnModel

_STOP_REASONS = {"complete": "end_turn", "tools": "tool_use", "cut": "max_tokens"}


class AgentModel(OwnModel):
    """One job's view of the chain. Once a candidate has answered, it is asked first for the rest of the job."""

    def __init__(self, chain: ModelChain, stop: asyncio.Event, hear: Callable[[Piece], None]) -> None:
        self._chain = chain
        self._stop = stop
        self._hear = hear
        self.answered: str | None = None
        """Who answered last, as `provider:model`."""

    @property
    def name(self) -> str:
        """Who answered last."""
        return self.answered or "chain"

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
        cancel_signal: threading.Event | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        """The next answer, when it is whole.

        Raises AgentFailure as the chain does, and Interrupted when the job was stopped.
        """
        call = Call(system_prompt or "", list(messages), tuple(tool_specs or ()))
        async with aclosing(self._chain.stream(call, self._stop, first=self.answered)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answering):
                    self.answered = piece.model
                self._hear(piece)
                if isinstance(piece, Ended):
                    if piece.message is None:
                        raise Interrupted(usage=piece.usage.view())
                    for event in _events(piece.message, piece):
                        yield event


@contextmanager
def unwrapped() -> Iterator[None]:
    """Around a Strands agent's run: what was raised within comes out as it was, also out of a later turn."""
    try:
        yield
    except EventLoopException as error:
        raise error.original_exception from None


def _events(message: Message, ended: Ended) -> list[Any]:
    """A whole message as a stream of Converse's events, a block to one piece."""
    events: list[Any] = [{"messageStart": {"role": "assistant"}}]
    for block in message["content"]:
        start: dict[str, Any] = {}
        deltas: list[dict[str, Any]] = []
        if "text" in block:
            deltas.append({"text": block["text"]})
        elif "toolUse" in block:
            use = block["toolUse"]
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            deltas.append({"toolUse": {"input": json.dumps(use["input"])}})
        elif "reasoningContent" in block:
            deltas += _reasoning(block["reasoningContent"])
        else:
            continue
        events.append({"contentBlockStart": {"start": start}})
        events += [{"contentBlockDelta": {"delta": delta}} for delta in deltas]
        events.append({"contentBlockStop": {}})
    usage = {
        "inputTokens": ended.usage.input_tokens,
        "outputTokens": ended.usage.output_tokens,
        "totalTokens": ended.usage.input_tokens + ended.usage.output_tokens,
    }
    events.append({"messageStop": {"stopReason": _STOP_REASONS[ended.how]}})
    events.append({"metadata": {"usage": usage, "metrics": {"latencyMs": 0}}})
    return events


def _reasoning(reasoning: Any) -> list[dict[str, Any]]:
    """Kept with its signature: a model that thought wants its own thoughts back with the tools' results."""
    if "redactedContent" in reasoning:
        return [{"reasoningContent": {"redactedContent": reasoning["redactedContent"]}}]
    thought = reasoning.get("reasoningText", {})
    deltas = [{"reasoningContent": {"text": thought.get("text", "")}}]
    if thought.get("signature"):
        deltas.append({"reasoningContent": {"signature": thought["signature"]}})
    return deltas
