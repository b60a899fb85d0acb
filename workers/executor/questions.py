"""What a program asks while it runs: on to whoever follows its job, and the answer back into the sandbox."""

from __future__ import annotations

import asyncio
import logging

from core.database.pool import AWAY
from core.jobs.states import Lane
from workers.context import Context
from workers.executor.agentcore import Interpreter, Question, SandboxError

logger = logging.getLogger(__name__)


class Questions:
    """Of one run, one after the other; what it prints meanwhile is read on."""

    def __init__(self, context: Context, interpreter: Interpreter, *, asks: bool = True) -> None:
        self._asks = asks
        self._context = context
        self._interpreter = interpreter
        self._asking: asyncio.Task[None] | None = None

    @property
    def somebody_waits(self) -> bool:
        """Of a batch nobody can be asked, nor on behalf of a program that an agent wrote."""
        return self._asks and self._context.claim.lane == Lane.INTERACTIVE

    async def take(self, question: Question) -> None:
        """The program asks, and waits. The question before is over, or it would not."""
        await self.close()
        self._asking = asyncio.create_task(self._ask(question), name="asking")

    async def close(self) -> None:
        """Nothing is asked any more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
            self._asking = None

    async def _ask(self, question: Question) -> None:
        text = None
        if self.somebody_waits:
            try:
                text = await self._context.ask(question.prompt, password=question.password)
            except AWAY as error:
                logger.warning("A question was not asked: Postgres is away (%s).", error)
        if self._context.stop.is_set():
            return  # it is being interrupted
        try:
            await self._context.resources.interpreters.blocking(lambda: self._interpreter.answer(question.id, text))
        except SandboxError as error:
            logger.debug("A question was over before its answer came: %s", error)
