"""An agent that only talks: what is left is what the service's events cost."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Literal

from core.agents.spec import AgentSpec, Input, Result
from core.jobs.states import Holds

if TYPE_CHECKING:
    from workers.context import Context, Outcome

LINE = "line {:>9} of a program that prints very much\n"


class ChatterInput(Input):
    """How much it says."""

    count: int
    every_s: float = 0
    """Between two tokens; each says when it was said, by the monotonic clock."""
    says: Literal["tokens", "lines"] = "tokens"


class ChatterResult(Result):
    """Nothing."""


async def run(input_: ChatterInput, context: Context) -> Outcome:
    """Say it."""
    from workers.context import Outcome

    if input_.says == "lines":
        for number in range(input_.count):
            context.emit("stdout", text=LINE.format(number))
            if number % 256 == 0:
                await context.room()
                await asyncio.sleep(0)  # as reading it from somewhere would
    else:
        due = time.monotonic()
        for _ in range(input_.count):
            due += input_.every_s
            await asyncio.sleep(max(due - time.monotonic(), 0))
            context.emit("text.delta", text=f"{time.monotonic():.4f} ")
    return Outcome({})


SPEC = AgentSpec(
    name="chatter",
    title="Chatter",
    description="Only talks.",
    input_model=ChatterInput,
    result_model=ChatterResult,
    runner="benchmarks.chatter:run",
    pool="noop",
    holds=Holds.NOTHING,
    timeout_s=600,
)
