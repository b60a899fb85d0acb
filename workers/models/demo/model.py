"""The demo model as Strands knows models: it streams Converse-shaped events like any other provider."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterable
from typing import Any

from strands.types.content import Messages, SystemContentBlock
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec

from workers.models.demo.reply import reply
from workers.models.demo.solving import Turn, code_tool, turn
from workers.models.own import OwnModel

PIECE = 24
"""Characters in one streamed piece."""
PACE_S = 0.008
"""Pause between two pieces, so that an answer is seen to stream; about 3000 characters a second."""


class DemoModel(OwnModel):
    """Answers from the library. Needs no network and no credentials."""

    @property
    def name(self) -> str:
        """As the chain calls it."""
        return "demo:library"

    def __init__(self, pace_s: float = PACE_S) -> None:
        self._pace_s = pace_s

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
        """The answer to the last message, in small pieces; ends early once `cancel_signal` is set.

        With a tool that runs code, it is a turn of `solving`.
        """
        tool = code_tool(tool_specs)
        # Choosing takes a few milliseconds of pure Python; a thread keeps them off the loop.
        if tool is None:
            says = await asyncio.to_thread(reply, _last_text(messages))
            wanted: Turn = Turn(says)
        else:
            wanted = await asyncio.to_thread(turn, messages, tool[1])
        yield {"messageStart": {"role": "assistant"}}
        deltas: list[Any] = [{"text": piece} for piece in _pieces(wanted.says)]
        blocks: list[tuple[Any, list[Any]]] = [({}, deltas)]
        arguments = ""
        if wanted.code is not None and tool is not None:
            arguments = json.dumps({tool[1]: wanted.code})
            start = {"toolUse": {"toolUseId": f"demo_{uuid.uuid4().hex[:16]}", "name": tool[0]}}
            blocks.append((start, [{"toolUse": {"input": piece}} for piece in _pieces(arguments)]))
        for start, deltas in blocks:
            yield {"contentBlockStart": {"start": start}}
            for delta in deltas:
                if cancel_signal is not None and cancel_signal.is_set():
                    return
                yield {"contentBlockDelta": {"delta": delta}}
                await asyncio.sleep(self._pace_s)
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if len(blocks) > 1 else "end_turn"}}
        asked = len(json.dumps(messages, default=str)) + len(system_prompt or "")
        yield {"metadata": {"usage": _usage(asked, len(wanted.says) + len(arguments)), "metrics": {"latencyMs": 0}}}


def _last_text(messages: Messages) -> str:
    return "\n".join(block["text"] for block in messages[-1]["content"] if "text" in block)


def _pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def _usage(asked: int, answered: int) -> Any:
    """Tokens as a real model would roughly count them: four characters each."""
    inputs, outputs = asked // 4, answered // 4
    return {"inputTokens": inputs, "outputTokens": outputs, "totalTokens": inputs + outputs}
