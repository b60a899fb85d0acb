"""`/v1/analyze`: what a program will do, as far as its text tells."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.routing import resource
from core.agents.generate import InputCall
from core.agents.text import CODE_LIMIT, Text
from core.programs import Analysis, analyze

router = resource("/v1", "programs")

ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Parsing holds the interpreter: two long programs at once would hold up every stream of the process twice as long."""


class Program(BaseModel):
    """Python, as it would be run."""

    model_config = ConfigDict(extra="forbid")

    code: Text = Field(max_length=CODE_LIMIT)


class SyntaxProblem(BaseModel):
    """Why it does not parse."""

    message: str
    line: int | None
    column: int | None


class AnalysisView(BaseModel):
    """What was found in its syntax tree; with a `syntax_error`, nothing else."""

    syntax_error: SyntaxProblem | None
    imports: list[str] = Field(description="Modules by their first name, in order of the alphabet")
    inputs: list[InputCall] = Field(description="Where it calls input()")
    draws: bool = Field(description="It imports what draws figures, or calls it")
    reads_files: list[str] = Field(description="Paths that it names where it opens them to read")


@router.post("/analyze", response_model=AnalysisView)
async def analyze_program(program: Program) -> Any:
    """Look a program through without running it, by this service's own Python."""
    async with ONE_AT_A_TIME:
        return _view(await asyncio.to_thread(analyze, program.code))


def _view(found: Analysis) -> dict[str, Any]:
    wrong = None
    if found.problem is not None:
        wrong = {"message": found.problem, "line": found.line, "column": found.column}
    return {
        "syntax_error": wrong,
        "imports": found.imports,
        "inputs": found.inputs,
        "draws": found.draws,
        "reads_files": found.reads_files,
    }
