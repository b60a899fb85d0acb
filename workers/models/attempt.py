"""One candidate answers one call, through its Strands model.

Strands takes a stream that ended too early for a whole answer, and throws away what was said when it is cancelled.
So every piece is passed on as it comes, and the end counts only after the model's own `messageStop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from copy import deepcopy
from typing import Any

from strands.event_loop.streaming import stream_messages
from strands.models import Model
from strands.types.content import Message

from workers.models.answer import Answering, Argument, Call, Calling, Ended, Piece, Said, Thinking, Usage, refused
from workers.models.faults import Kind, classify, fault
from workers.models.tokens import estimate

log = logging.getLogger(__name__)

REFUSALS = frozenset({"guardrail_intervened", "content_filtered", "refusal"})
CUTS = frozenset({"max_tokens", "model_context_window_exceeded"})
COMPLETE = frozenset({"end_turn", "stop_sequence"})


async def answer(
    model: Model, name: str, call: Call, stop: asyncio.Event, patience: Callable[[], float]
) -> AsyncGenerator[Piece]:
    """What the model says, ending with `Ended`.

    `patience` gives the longest wait, in seconds, for the next piece. Raises CandidateFault where another candidate
    may do better, and AgentFailure where the model refused.
    """
    signal = threading.Event()
    # Some models change the messages that they are given.
    messages = deepcopy(call.messages)
    events: Any = stream_messages(
        model,
        call.system or None,
        messages,
        list(call.tools),
        system_prompt_content=[{"text": call.system}] if call.system else None,
        cancel_signal=signal,
    )
    heard = _Heard(name, call)
    waiting = _Waiting(stop)
    try:
        while True:
            async with asyncio.timeout(0 if stop.is_set() else patience()) as waiting.limit:
                event = await anext(events, None)
            waiting.limit = None
            if event is None:
                break
            for piece in heard.take(event):
                yield piece
    except Exception as error:
        if not stop.is_set():
            found = classify(error)
            if found.kind is Kind.UNEXPECTED:
                log.exception("model %s failed in a way that is not known here", name)
            raise found from None
    finally:
        waiting.over()
        # A client that reads in a thread of its own ends at its next piece.
        signal.set()
        with contextlib.suppress(Exception):
            await events.aclose()
    yield heard.end(stop)


class _Waiting:
    """Ends the wait for the next piece when `stop` is set: `limit` is the time-out of the wait that is going on."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.limit: asyncio.Timeout | None = None
        self._stop = stop
        self._stopper = asyncio.create_task(self._on_stop())

    async def _on_stop(self) -> None:
        await self._stop.wait()
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time())

    def over(self) -> None:
        self.limit = None
        self._stopper.cancel()


class _Heard:
    """Strands' events, made into ours; keeps what only the end tells."""

    def __init__(self, name: str, call: Call) -> None:
        self.name = name
        self.usage: Usage | None = None
        self.stop_reason: str | None = None
        self.message: Message | None = None
        self._call = call
        self._thought = False
        self._written: list[str] = []

    def take(self, event: dict[str, Any]) -> list[Piece]:
        """What an event means for a listener."""
        if "stop" in event:
            # Only with the model's own word: Strands says `end_turn` for a stream that just ended.
            self.message = event["stop"][1]
            return []
        chunk = event.get("event")
        if not isinstance(chunk, dict):
            return []
        if "contentBlockDelta" in chunk:
            return self._delta(chunk["contentBlockDelta"]["delta"])
        if "contentBlockStart" in chunk:
            begun = chunk["contentBlockStart"].get("start", {})
            return [Calling(str(begun["toolUse"]["name"]))] if "toolUse" in begun else []
        if "messageStart" in chunk:
            return [Answering(self.name)]
        if "messageStop" in chunk:
            self.stop_reason = str(chunk["messageStop"].get("stopReason"))
        elif "metadata" in chunk:
            usage = chunk["metadata"].get("usage", {})
            self.usage = Usage(self.name, _input(usage), usage.get("outputTokens", 0))
        return []

    def _delta(self, delta: dict[str, Any]) -> list[Piece]:
        if text := delta.get("text"):
            self._written.append(text)
            return [Said(text)]
        if text := delta.get("toolUse", {}).get("input"):
            self._written.append(text)
            return [Argument(text)]
        if "reasoningContent" in delta and not self._thought:
            self._thought = True
            return [Thinking()]
        return []

    def end(self, stop: asyncio.Event) -> Ended:
        """How it ended. Raises CandidateFault when it did so without saying so, AgentFailure when it refused."""
        usage = self.usage or self._estimate()
        if self.stop_reason in REFUSALS:
            raise refused(self.name, usage)
        if self.stop_reason in CUTS:
            return Ended("cut", usage, self.message)
        if self.stop_reason == "tool_use":
            return Ended("tools", usage, self.message)
        if self.stop_reason in COMPLETE:
            return Ended("complete", usage, self.message)
        if stop.is_set():
            return Ended("stopped", usage)
        raise fault(Kind.BROKEN_OFF)

    def _estimate(self) -> Usage:
        """Where it did not come to tell: what was asked and written is paid for all the same."""
        if self.stop_reason is None and not self._written:
            return Usage(self.name)
        asked = estimate(self._call.system) + estimate(json.dumps(self._call.messages, default=str))
        return Usage(self.name, asked, estimate("".join(self._written)), estimated=True)


def _input(usage: dict[str, Any]) -> int:
    """All that was read, also what came out of a prompt cache: Converse counts that apart."""
    return sum(int(usage.get(name) or 0) for name in ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"))
