"""One task from its first turn to its answer, within its bounds: turns, time, tokens, and the day's budget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from pathlib import Path
from typing import Any

from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.tools.executors import SequentialToolExecutor
from strands.types.content import Message, Messages
from strands.types.exceptions import MaxTokensReachedException
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolResultContent, ToolSpec

from core.jobs.states import Failure
from workers.context import AgentFailure, Context, Interrupted, Outcome
from workers.models.agent_model import AgentModel, unwrapped
from workers.prompts import load
from workers.sandbox import Sandbox
from workers.solver import figures
from workers.solver.record import Record
from workers.solver.seen import told
from workers.solver.tool import RunPython

# What ends a job passes through Strands, which logs it as an error of its own. How a job ends is told where it ends.
logging.getLogger("strands.event_loop.event_loop").setLevel(logging.CRITICAL)

PROMPTS = Path(__file__).parent / "prompts"
RUN_LIMIT_S = 120.0
"""Longest run of one program."""


def prompt_text(name: str) -> str:
    """One of the texts in `prompts/`."""
    return load(PROMPTS, name).text


class BoundedModel(AgentModel):
    """The chain, asked only when nothing speaks against another turn."""

    def __init__(self, before_turn: Callable[[], Awaitable[None]], *chain: Any) -> None:
        super().__init__(*chain)
        self._before_turn = before_turn

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **more: Any,
    ) -> AsyncIterable[StreamEvent]:
        """As AgentModel. Raises what speaks against the turn."""
        await self._before_turn()
        async for event in super().stream(messages, tool_specs, system_prompt, **more):
            yield event


class Solving:
    """One job. Its conversation with the model is a Strands agent's; what may happen in it is decided here."""

    def __init__(self, context: Context, sandbox: Sandbox, max_turns: int) -> None:
        self._context = context
        self._sandbox = sandbox
        self._max_turns = max_turns
        self._turns = 0
        self._figures = 0
        self._record = Record(context)
        self._broken: Exception | None = None
        """What ended a run in a way that ends the job: Strands would tell it to the model, and go on."""
        self._over = asyncio.Event()
        """The job is to stop, or its time is up."""

    async def outcome(self, prompt: str, history: list[Message]) -> Outcome:
        """Work until there is an answer.

        Raises AgentFailure, Interrupted and InfrastructureFault, the former two with what was made so far.
        """
        chain = self._context.resources.models.of("solve")
        agent = Agent(
            model=BoundedModel(self._before_turn, chain, self._over, self._record.hear),
            messages=history,
            system_prompt=prompt_text("system"),
            tools=[RunPython(self._run)],
            tool_executor=SequentialToolExecutor(),
            callback_handler=None,
            # With the chain behind it, Strands must neither wait out a throttle nor drop messages.
            retry_strategy=None,
            conversation_manager=NullConversationManager(),
        )
        clock = asyncio.create_task(self._until_over())
        try:
            with unwrapped():
                async for _ in agent.stream_async(prompt):
                    pass
        except MaxTokensReachedException:
            return self._cut()
        except Interrupted:
            if self._context.stop.is_set():
                raise Interrupted(result=self._record.result(), usage=self._record.spent()) from None
            raise self._too_long() from None
        except AgentFailure as failure:
            failure.result, failure.usage = self._record.result(), self._record.spent(failure.usage)
            raise
        finally:
            clock.cancel()
        return Outcome(self._record.result(), usage=self._record.spent())

    async def _until_over(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(self._context.seconds_left, 0)):
                await self._context.stop.wait()
        self._over.set()

    async def _before_turn(self) -> None:
        """Raises what speaks against asking the model once more."""
        if self._broken is not None:
            raise self._broken
        if self._over.is_set():
            raise Interrupted
        if self._turns >= self._max_turns:
            raise AgentFailure(
                Failure.BUDGET_EXCEEDED,
                "The task took too many turns",
                f"The model was asked {self._turns} times, as often as it may be (`max_turns`), and has not answered. "
                "What it ran is kept.",
            )
        if self._record.tokens >= self._context.settings.solve_max_tokens:
            raise AgentFailure(
                Failure.BUDGET_EXCEEDED,
                "The task took too many tokens",
                f"{self._record.tokens} tokens are used; a task may use {self._context.settings.solve_max_tokens} "
                "(ACI_SOLVE_MAX_TOKENS). What was run is kept.",
            )
        await self._context.check_budget(self._record.spent(), self._record.result())
        self._turns += 1
        self._record.begin_turn()

    async def _run(self, code: str) -> tuple[list[ToolResultContent], bool]:
        """One call of the tool. What ends the job is kept for the next turn, which it then keeps from beginning."""
        if self._broken is not None or self._turns >= self._max_turns:
            return [{"text": "No program can be run any more."}], False
        self._record.begin_step(code)
        try:
            # Without answers: nobody sits there to be asked.
            ran = await self._sandbox.run(code, inputs=(), timeout_s=RUN_LIMIT_S)
        except Exception as error:
            self._broken = error
            self._record.end_step(None, error.result if isinstance(error, Interrupted | AgentFailure) else None)
            return [{"text": "The program was broken off."}], False
        self._record.end_step(ran)
        text = told(ran)
        if self._turns == self._max_turns - 1:
            text = f"{text}\n\n{prompt_text('last_turn')}"
        drawn = await figures.shown(self._context, ran.result, self._figures)
        self._figures += len(drawn)
        return [{"text": text}, *drawn], ran.ok

    def _cut(self) -> Outcome:
        """The model's answer was as long as it may be. One in words is worth having; half a program is not."""
        result = self._record.result()
        if self._record.calling:
            raise AgentFailure(
                Failure.BUDGET_EXCEEDED,
                "A program became too long",
                "The model's answer was cut off at ACI_MODEL_MAX_TOKENS, in the middle of a program.",
                result=result,
                usage=self._record.spent(),
            )
        result["answer"] += "\n\n(The answer was cut off: it reached its longest permitted length.)"
        return Outcome(result, usage=self._record.spent())

    def _too_long(self) -> AgentFailure:
        return AgentFailure(
            Failure.TIMEOUT,
            "The task took too long",
            "The limit was reached before there was an answer; what was run until then is kept.",
            result=self._record.result(),
            usage=self._record.spent(),
        )
