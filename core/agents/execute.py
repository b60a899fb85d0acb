"""`execute`: Python in; text, tables, figures, files and errors out."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Base64Bytes, BeforeValidator, Field, model_validator

from core.agents.spec import AgentSpec, Input, Result
from core.agents.text import Code, Line, Text
from core.errors import InvalidInput
from core.files.paths import checked_path
from core.jobs.states import Holds

INLINE_FILE_LIMIT = 1024 * 1024
FOREIGN_TO_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")


def _of_the_alphabet(value: object) -> object:
    """Raises ValueError for what the decoder would leave out in silence, giving a file of other bytes."""
    if isinstance(value, str) and (found := FOREIGN_TO_BASE64.search(value)):
        raise ValueError(f"{found[0]!r} is not of the base64 alphabet (RFC 4648, section 4)")
    return value


class InlineFile(Input):
    """A small file that comes with the request; larger ones are uploaded into a session."""

    path: Line
    text: Annotated[Text, Field(max_length=INLINE_FILE_LIMIT)] | None = None
    base64: Annotated[Base64Bytes, BeforeValidator(_of_the_alphabet), Field(max_length=INLINE_FILE_LIMIT)] | None = None

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if (self.text is None) == (self.base64 is None):
            raise ValueError("give exactly one of text and base64")
        try:
            checked_path(self.path)
        except InvalidInput as error:
            raise ValueError(error.detail) from error
        return self

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return self.base64 if self.base64 is not None else (self.text or "").encode()


class ExecuteInput(Input):
    """The program, and what it is given."""

    code: Code
    inputs: list[Line] | None = Field(None, max_length=1000, description="Answers to input(), in order")
    timeout_s: float = Field(60, gt=0, le=600, description="Longest run, in seconds")
    reset: bool = Field(False, description="Start with a fresh interpreter: files stay, variables go")
    files: list[InlineFile] | None = Field(
        None, max_length=20, description="Files put into the working directory first"
    )


class CodeError(Result):
    """The exception that ended the program."""

    name: str
    value: str
    traceback: list[str]
    line: int | None = Field(description="Line of the program; None when it was raised elsewhere")
    column: int | None = Field(None, description="Column, from 1, of a syntax error; None for all others")


class CodeWarning(Result):
    """A warning that was given while the program ran; it stands on stderr, too."""

    name: str
    value: str
    line: int | None = Field(description="Line of the program; None when it was given elsewhere")


class FileOutcome(Result):
    """A file that the run created, changed or deleted."""

    path: str
    size: int
    file_id: str | None
    change: Literal["created", "modified", "deleted"]


class ExecuteResult(Result):
    """What the run gave."""

    exit: Literal["ok", "error"]
    text: str | None = Field(description="The last expression's value, as text")
    outputs: list[dict[str, Any]] = Field(
        description="Figures, tables and values in order: each maps a MIME type to its text, or to "
        '{"artifact": name, "size": bytes} where it is bytes'
    )
    positions: list[int] = Field(
        [], description="Of each output, the number of characters of stdout that were printed before it"
    )
    stdout: str
    stderr: str
    truncated: bool = Field(description="stdout, stderr or an output was cut")
    error: CodeError | None
    warnings: list[CodeWarning] = Field([], description="The first 50")
    files: list[FileOutcome]
    execution_count: int


SPEC = AgentSpec(
    name="execute",
    title="Code executor",
    description="Runs a Python program in a sandbox and streams what comes out.",
    input_model=ExecuteInput,
    result_model=ExecuteResult,
    runner="workers.executor.runner:run",
    pool="execute",
    holds=Holds.SANDBOX,
    timeout_s=600,
)
