"""What the harness writes down, read as what it is: text from inside the sandbox, where code may have written anything.

Sizes, counts and types are checked; what does not fit is refused whole.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MimeType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,100}$")]
FigureName = Annotated[str, StringConstraints(pattern=r"^figure-[0-9]{1,4}\.(png|jpg)$")]

REPORT_LIMIT = 32 * 1024 * 1024
"""Bytes of a report that are read at most."""


class Strict(BaseModel):
    """Nothing that is not expected."""

    model_config = ConfigDict(extra="forbid")


class StoredFigure(Strict):
    """Bytes that lie beside the report."""

    file: FigureName


class ReportedError(Strict):
    """The exception that ended the program."""

    name: Annotated[str, StringConstraints(max_length=300)]
    value: Annotated[str, StringConstraints(max_length=10_000)]
    traceback: Annotated[list[Annotated[str, StringConstraints(max_length=4000)]], Field(max_length=200)]
    line: int | None


class ReportedFile(Strict):
    """A path that the run created, changed or deleted. Neither path nor size is to be trusted."""

    path: str
    size: int = Field(ge=0)
    change: Literal["created", "modified", "deleted"]


class Report(Strict):
    """The whole of it."""

    exit: Literal["ok", "error"]
    text: str | None
    error: ReportedError | None
    execution_count: int = Field(ge=0)
    outputs: Annotated[list[dict[MimeType, StoredFigure | Any]], Field(max_length=200)]
    truncated: bool
    files: Annotated[list[ReportedFile], Field(max_length=1000)]
