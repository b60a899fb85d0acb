"""The demo model as Strands knows models: it streams Converse-shaped events like any other provider."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, TypeVar

from pydantic import BaseModel
from strands.models import Model
from strands.types.content import Messages, SystemContentBlock
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec

from workers.models.demo.reply import reply

T = TypeVar("T", bound=BaseModel)

PIECE = 24
"""Characters in one streamed piece."""
PACE_S = 0.008
"""Pause between two pieces, so that an answer is seen to stream; about 3000 characters a second."""


class DemoModel(Model):
    """Answers from the library. Needs no network and no credentials."""

    def __init__(self, pace_s: float = PACE_S) -> None:
        self._pace_s = pace_s

    def update_config(self, **model_config: Any) -> None:
        """There is nothing to set."""

    def get_config(self) -> dict[str, Any]:
        """Only a name, for traces."""
        return {"model_id": "demo:library"}

    def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        """Raises NotImplementedError: a library of programs has no structured answers."""
        raise NotImplementedError("The demo model gives no structured output.")

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
        """The answer to the last message, in small pieces; ends early once `cancel_signal` is set."""
        prompt = "\n".join(block["text"] for block in messages[-1]["content"] if "text" in block)
        # Choosing takes a few milliseconds of pure Python; a thread keeps them off the loop.
        answer = await asyncio.to_thread(reply, prompt)
        yield {"messageStart": {"role": "assistant"}}
        for start in range(0, len(answer), PIECE):
            if cancel_signal is not None and cancel_signal.is_set():
                return
            yield {"contentBlockDelta": {"delta": {"text": answer[start : start + PIECE]}}}
            await asyncio.sleep(self._pace_s)
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}
        asked = sum(len(block.get("text", "")) for message in messages for block in message["content"])
        yield {
            "metadata": {"usage": _usage(asked + len(system_prompt or ""), len(answer)), "metrics": {"latencyMs": 0}}
        }


def _usage(asked: int, answered: int) -> Any:
    """Tokens as a real model would roughly count them: four characters each."""
    inputs, outputs = asked // 4, answered // 4
    return {"inputTokens": inputs, "outputTokens": outputs, "totalTokens": inputs + outputs}
