"""What requests look like, after botocore's service model of `bedrock-agentcore` (2024-02-28).

Unknown members are ignored, as AWS does; what is known is checked against the model's bounds.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.wire.errors import ValidationException

ToolName = Literal[
    "executeCode",
    "executeCommand",
    "readFiles",
    "listFiles",
    "removeFiles",
    "writeFiles",
    "startCommandExecution",
    "getTask",
    "stopTask",
    "answerInput",
]
ClientToken = Annotated[
    str, StringConstraints(min_length=33, max_length=256, pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}$")
]


class Shape(BaseModel):
    """Members have AWS's camelCase names on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class StartSession(Shape):
    """Body of `sessions/start`; certificates and file systems are not offered here."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    session_timeout_seconds: int = Field(900, ge=1, le=28800)
    client_token: ClientToken | None = None
    certificates: list[object] | None = None
    filesystem_configurations: list[object] | None = None


class ListSessions(Shape):
    """Body of `sessions/list`."""

    max_results: int = Field(10, ge=1, le=100)
    next_token: str | None = Field(None, min_length=1, max_length=2048)
    status: Literal["READY", "TERMINATED"] | None = None


class InputFile(Shape):
    """A file to write: `text` or `blob` (base64 on the wire)."""

    path: str
    text: str | None = None
    blob: Base64Bytes | None = None

    @property
    def data(self) -> bytes:
        """The bytes to write; text is UTF-8."""
        return self.blob if self.blob is not None else (self.text or "").encode("utf-8", "backslashreplace")


class ToolArguments(Shape):
    """The arguments of all tools together, as AWS has them."""

    code: str | None = None
    language: Literal["python", "javascript", "typescript"] = "python"
    runtime: Literal["nodejs", "deno", "python"] | None = None
    clear_context: bool = False
    command: str | None = None
    path: str | None = None
    paths: list[str] | None = None
    directory_path: str | None = None
    task_id: str | None = None
    content: list[InputFile] | None = None


class InvokeTool(Shape):
    """Body of `tools/invoke`."""

    name: ToolName
    arguments: ToolArguments = ToolArguments()


ShapeT = TypeVar("ShapeT", bound=Shape)


def parse(model: type[ShapeT], body: bytes) -> ShapeT:
    """The body as a model. Raises ValidationException that names the fields at fault."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        faults = {".".join(map(str, fault["loc"])): fault["msg"] for fault in error.errors(include_input=False)}
        unreadable = any(fault["type"] == "json_invalid" for fault in error.errors(include_input=False))
        reason = "CannotParse" if unreadable else "FieldValidationFailed"
        listed = "; ".join(f"{name}: {message}" for name, message in faults.items())
        raise ValidationException(f"The request is not valid: {listed}", reason=reason, fields=faults) from None
