"""One candidate answers one question, through a Strands agent of its own.

Strands ends quietly in two cases where this must not: it throws away what was said when it is cancelled, and it
takes a stream that ended too early for a whole answer. So every piece is passed on as it comes, and the end
counts only after the model's own `messageStop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from copy import deepcopy
from typing import Any

from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.models import Model
from strands.types.exceptions import MaxTokensReachedException

from workers.models.answer import Answering, Ended, Piece, Question, Said, Thinking, Usage, refused
from workers.models.faults import Kind, classify, fault

log = logging.getLogger(__name__)

REFUSALS = frozenset({"guardrail_intervened", "content_filtered", "refusal"})
CUTS = frozenset({"max_tokens", "model_context_window_exceeded"})
COMPLETE = frozenset({"end_turn", "stop_sequence"})


async def answer(
    model: Model, name: str, question: Question, stop: asyncio.Event, silence_s: float
) -> AsyncGenerator[Piece]:
    """What the model says, ending with `Ended`.

    `silence_s` is the longest wait for the next piece. Raises CandidateFault where another candidate may do
    better, and AgentFailure where the model refused.
    """
    agent = Agent(
        model=model,
        messages=deepcopy(question.history),
        system_prompt=question.system,
        callback_handler=None,
        # With the chain behind it, Strands must neither wait out a throttle (up to two minutes) nor drop messages.
        retry_strategy=None,
        conversation_manager=NullConversationManager(),
    )
    stopper = asyncio.create_task(_cancel_on(stop, agent))
    events = agent.stream_async(question.prompt)
    heard = _Heard(name)
    try:
        while True:
            async with asyncio.timeout(silence_s):
                event = await anext(events, None)
            if event is None:
                break
            for piece in heard.take(event):
                yield piece
    except MaxTokensReachedException:
        heard.stop_reason = "max_tokens"
    except Exception as error:
        if not stop.is_set():
            found = classify(error)
            if found.kind is Kind.UNEXPECTED:
                log.exception("model %s failed in a way that is not known here", name)
            raise found from None
    finally:
        stopper.cancel()
        agent.cancel()
        with contextlib.suppress(Exception):
            await events.aclose()  # type: ignore[attr-defined]
    yield _end(heard, stop)


def _end(heard: _Heard, stop: asyncio.Event) -> Ended:
    """How it ended. Raises CandidateFault when it did so without saying so, AgentFailure when it refused."""
    usage = heard.usage
    if heard.stop_reason in REFUSALS:
        raise refused(heard.name, usage)
    if heard.stop_reason in CUTS:
        return Ended("cut", usage)
    if heard.stop_reason in COMPLETE:
        return Ended("complete", usage)
    if stop.is_set():
        return Ended("stopped", usage)
    raise fault(Kind.BROKEN_OFF)


async def _cancel_on(stop: asyncio.Event, agent: Agent) -> None:
    await stop.wait()
    agent.cancel()


class _Heard:
    """Strands' events, made into ours; keeps what only the end tells."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.usage = Usage(name)
        self.stop_reason: str | None = None
        self._thought = False

    def take(self, event: dict[str, Any]) -> list[Piece]:
        pieces: list[Piece] = []
        chunk = event.get("event")
        if isinstance(chunk, dict):
            if "messageStart" in chunk:
                pieces.append(Answering(self.name))
            elif "messageStop" in chunk:
                self.stop_reason = str(chunk["messageStop"].get("stopReason"))
            elif "metadata" in chunk:
                usage = chunk["metadata"].get("usage", {})
                self.usage = Usage(self.name, usage.get("inputTokens", 0), usage.get("outputTokens", 0))
        elif event.get("reasoningText") and not self._thought:
            self._thought = True
            pieces.append(Thinking())
        elif isinstance(text := event.get("data"), str) and text:
            pieces.append(Said(text))
        return pieces
