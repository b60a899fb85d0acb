"""Runs a `solve` job: a Strands agent whose only tool is the sandbox of the job's own session."""

from __future__ import annotations

import asyncio
from typing import Any

from strands.types.content import Message

from core.agents.generate import GenerateInput
from core.agents.solve import SPEC, SolveInput
from workers.context import Context, Outcome
from workers.generator.history import background
from workers.generator.request import compose
from workers.resources import Resources
from workers.solver.solving import Solving


async def run(input_: SolveInput, context: Context) -> Outcome:
    """Solve the task. Raises AgentFailure and Interrupted with the steps so far, and InfrastructureFault."""
    before = await background(context, input_.files)
    prompt, history = _opening(compose(GenerateInput(prompt=input_.task), before.files), before.messages)
    async with context.sandbox(timeout_s=SPEC.timeout_s) as sandbox:
        return await Solving(context, sandbox, input_.max_turns).outcome(prompt, history)


async def describe(resources: Resources) -> dict[str, Any]:
    """Who answers here, and where code runs."""
    return {
        "model": await asyncio.to_thread(resources.models.of("solve").describe),
        "sandbox": await resources.interpreters.describe(),
    }


def _opening(prompt: str, messages: list[Message]) -> tuple[str, list[Message]]:
    """The task and what came before it. Two messages of the user's in a row are refused by most models."""
    history = list(messages)
    if history and history[-1]["role"] == "user":
        last = history.pop()
        prompt = "\n\n".join([*(block["text"] for block in last["content"] if "text" in block), prompt])
    return prompt, history
