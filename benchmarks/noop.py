"""An agent that does nothing: what is left is what the service itself costs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from core.agents.spec import AgentSpec, Input, Result
from core.jobs.states import Holds

if TYPE_CHECKING:
    from workers.context import Context, Outcome


class NoopInput(Input):
    """Seconds to wait, if any."""

    wait_s: float = 0


class NoopResult(Result):
    """Nothing."""


async def run(input_: NoopInput, context: Context) -> Outcome:
    """Do nothing, for a while."""
    from workers.context import Interrupted, Outcome

    if input_.wait_s:
        try:
            async with asyncio.timeout(input_.wait_s):
                await context.stop.wait()
            raise Interrupted
        except TimeoutError:
            pass
    result: dict[str, Any] = {}
    return Outcome(result)


SPEC = AgentSpec(
    name="noop",
    title="No-op",
    description="Does nothing.",
    input_model=NoopInput,
    result_model=NoopResult,
    runner="benchmarks.noop:run",
    pool="noop",
    holds=Holds.NOTHING,
    timeout_s=600,
)
