"""What the harness writes down, read as what it is: text from inside the sandbox, where code may have written anything.

Sizes, counts and types are checked; what does not fit is refused whole.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from workers.executor.marks import BODY_LIMIT

MimeType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,100}$")]
FigureName = Annotated[str, StringConstraints(pattern=r"^figure-[0-9]{1,5}\.(png|jpg|gif|webp)$")]

REPORT_LIMIT = 32 * 1024 * 1024
"""Bytes of a report that are read at most."""
FIGURE_LIMIT = 16 * 1024 * 1024
OUTPUTS_LIMIT = 200
DEEPEST = 60
"""Levels of lists and objects in an output."""

BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
"""How the bytes of a picture begin."""


class Strict(BaseModel):
    """Nothing that is not expected."""

    model_config = ConfigDict(extra="forbid")


class StoredFigure(Strict):
    """Bytes that lie beside the report, or came with the output as base64."""

    file: FigureName
    base64: Annotated[Base64Bytes, Field(max_length=BODY_LIMIT)] | None = None


def _checked(bundle: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for what is nested too deep, or is of another type than its name says."""
    checked: dict[str, Any] = {}
    for mime, value in bundle.items():
        if (mime.startswith("text/") or mime == "image/svg+xml") and not isinstance(value, str):
            raise ValueError(f"{mime} is text")
        if mime in BEGINNINGS:
            checked[mime] = StoredFigure.model_validate(value)
        elif _depth_over(value, DEEPEST):
            raise ValueError("an output is nested too deep")
        else:
            checked[mime] = value
    return checked


def _depth_over(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


Bundle = Annotated[dict[MimeType, Any], Field(max_length=20), AfterValidator(_checked)]
"""One output: the same thing in several formats, pictures as StoredFigure."""
BUNDLE: TypeAdapter[dict[str, Any]] = TypeAdapter(Bundle)


class ReportedError(Strict):
    """The exception that ended the program."""

    name: Annotated[str, StringConstraints(max_length=300)]
    value: Annotated[str, StringConstraints(max_length=10_000)]
    traceback: Annotated[list[Annotated[str, StringConstraints(max_length=4000)]], Field(max_length=200)]
    line: int | None
    column: int | None


class ReportedWarning(Strict):
    """A warning that was given, and the program went on."""

    name: Annotated[str, StringConstraints(max_length=300)]
    value: Annotated[str, StringConstraints(max_length=4000)]
    line: int | None


class ReportedFile(Strict):
    """A path that the run created, changed or deleted. Nothing of it is to be trusted: a file is fetched by the size it
    says, and only while its `state`, in the sandbox, is still this one.
    """

    path: str
    size: int = Field(ge=0, lt=2**63)
    change: Literal["created", "modified", "deleted"]
    state: Annotated[list[Annotated[int, Field(ge=-(2**63), lt=2**64)]], Field(min_length=3, max_length=3)]


class Report(Strict):
    """The whole of it."""

    exit: Literal["ok", "error"]
    text: str | None
    error: ReportedError | None
    warnings: Annotated[list[ReportedWarning], Field(max_length=50)]
    execution_count: int = Field(ge=0)
    outputs: Annotated[list[Bundle | None], Field(max_length=OUTPUTS_LIMIT)]
    """By number; None for one that was sent while the program ran, {} for one that was taken away again."""
    truncated: bool
    files: Annotated[list[ReportedFile], Field(max_length=1000)]
    files_left_out: int = Field(ge=0, lt=2**31)
