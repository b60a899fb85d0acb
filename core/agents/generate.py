"""`generate`: plain words in, Python out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.agents.spec import AgentSpec, Input, Result
from core.agents.text import CODE_LIMIT, Code, Line, Prompt, Text
from core.jobs.states import Holds


class Fix(Input):
    """A program that failed, to be mended."""

    code: Code
    error: Annotated[Text, Field(max_length=20_000, description="Its traceback")]


class GenerateInput(Input):
    """What the user wants."""

    prompt: Prompt = Field(description="What the program should do, in plain words")
    base_code: Annotated[Text, Field(max_length=CODE_LIMIT)] | None = Field(
        None, description="A program to change instead of writing a new one"
    )
    fix: Fix | None = Field(None, description="A program that failed, with its error, to be mended")
    files: list[Line] | None = Field(
        None, max_length=50, description="Paths of the session's files to work on; all of them when absent"
    )


class InputCall(Result):
    """A place where the program asks its user something."""

    line: int
    prompt: str


class GenerateResult(Result):
    """The program and what it does."""

    code: str
    explanation: str
    inputs: list[InputCall] = Field(description="Where the program calls input()")
    model: str = Field(description="Who wrote it")


SPEC = AgentSpec(
    name="generate",
    title="Code generator",
    description="Turns plain words into a Python program.",
    input_model=GenerateInput,
    result_model=GenerateResult,
    runner="workers.generator.runner:run",
    pool="generate",
    holds=Holds.CONVERSATION,
    timeout_s=300,
    asks_models=True,
)
