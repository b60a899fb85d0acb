"""`solve`: a task in plain words; an agent writes code, runs it, looks at what came out, mends it, and answers."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from core.agents.execute import CodeError
from core.agents.spec import AgentSpec, Input, Result
from core.agents.text import Line, Prompt
from core.jobs.states import Holds

MOST_TURNS = 40


class SolveInput(Input):
    """What the user wants to know or to have."""

    task: Prompt = Field(description="What is to be found out or made, in plain words")
    files: list[Line] | None = Field(
        None, max_length=50, description="Paths of the session's files that matter; all of them when absent"
    )
    max_turns: int = Field(12, ge=1, le=MOST_TURNS, description="How often the model may be asked at most")


class SolveStep(Result):
    """One program that the agent ran, and what came out."""

    step: int
    code: str
    ok: bool = Field(description="It ran to its end")
    text: str | None = Field(description="The last expression's value, as text")
    outputs: list[dict[str, Any]] = Field(description="Figures, tables and values, as `execute` gives them")
    stdout: str
    stderr: str
    error: CodeError | None


class SolveResult(Result):
    """The answer, and how it was come by."""

    answer: str = Field(description="Markdown")
    steps: list[SolveStep]
    code: str = Field(description="The last program that ran to its end; empty when none did")
    model: str = Field(description="Who answered")


SPEC = AgentSpec(
    name="solve",
    title="Solver",
    description="Writes code, runs it, looks at what came out, and answers.",
    input_model=SolveInput,
    result_model=SolveResult,
    runner="workers.solver.runner:run",
    pool="solve",
    holds=Holds.CONVERSATION | Holds.SANDBOX,
    timeout_s=600,
    asks_models=True,
)
