"""The description of an agent, as the API, the dispatcher and the workers need it.

Packages from outside import this module (docs/agents.md); it imports no agent and no worker.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from core.jobs.states import Holds, Lane

PLUGINS = "plugins"
"""The pool of every agent that has none of its own."""


class Input(BaseModel):
    """Base of agents' inputs: fields nobody knows are an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


class Result(BaseModel):
    """Base of agents' results."""


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """One agent. Its queues are its name and a lane; its pool is the worker program that serves it."""

    name: str
    """What submits, queues and metrics call it: small letters, digits and dashes."""
    title: str
    description: str
    input_model: type[Input]
    result_model: type[Result]
    runner: str
    """Dotted path, `package.module:function`, of `async run(input, context)`."""
    pool: str = PLUGINS
    """Name of the worker pool that serves it."""
    holds: Holds = Holds.NOTHING
    """What it uses alone of a session."""
    timeout_s: float = 300
    """Longest run of one attempt, where the input does not say."""
    asks_models: bool = False
    """It spends tokens: submits are held to the day's limits, and its runner asks `context.check_budget` before it
    asks a model.
    """

    def queue(self, lane: Lane | str) -> str:
        """Name of its Celery queue for a lane."""
        return f"{self.name}.{Lane(lane).value}"
