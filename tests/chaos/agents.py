"""Agents that need no model and no sandbox: they say numbered things, pause, and fail in every way there is.

The API, the dispatcher and the workers learn of them by the setting `agents`. One holds nothing of a session, and one
for each thing that a session serialises.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.agents.spec import AgentSpec, Input, Result
from core.jobs.states import Holds

RUNNER = "tests.chaos.runner:run"

Fails = Literal["never", "failure", "fault", "kill", "hang", "block"]


class StepsInput(Input):
    """How many steps, how long, and what goes wrong."""

    steps: int = Field(3, ge=0, le=10_000)
    pause_s: float = Field(0.0, ge=0, le=60, description="Before every step")
    fails: Fails = Field(
        "never", description="In the middle; `kill` ends the process, `hang` heeds no stop, `block` stops the loop"
    )
    times: int = Field(0, ge=0, description="Attempts up to this number fail; 0 means all of them")
    keeps: bool = Field(False, description="Keep an artifact, and in a session a file, that name the attempt")


class StepsResult(Result):
    """Which attempt it was that got through."""

    attempt: int
    steps: int


def _spec(name: str, pool: str, holds: Holds) -> AgentSpec:
    return AgentSpec(
        name=name,
        title=name.title(),
        description="For tests: takes steps and says so.",
        input_model=StepsInput,
        result_model=StepsResult,
        runner=RUNNER,
        pool=pool,
        holds=holds,
        timeout_s=60,
    )


STEPS = _spec("steps", "steps", Holds.NOTHING)
TALK = _spec("talk", "session", Holds.CONVERSATION)
WORK = _spec("work", "session", Holds.SANDBOX)
BOTH = _spec("both", "session", Holds.CONVERSATION | Holds.SANDBOX)

ALL = (STEPS, TALK, WORK, BOTH)
POOLS = ("steps", "session")
SETTING = ",".join(f"tests.chaos.agents:{spec.name.upper()}" for spec in ALL)
"""The value of ACI_AGENTS."""
