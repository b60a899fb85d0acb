"""The errors that AWS's model knows, each with its HTTP status; nothing else may reach a client as an error.

A client recognises them by the header `x-amzn-errortype` and reads `message` from the JSON body.
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """An answer that is an error. The message says what happened and what the caller can do."""

    status: ClassVar[int] = 500

    @property
    def kind(self) -> str:
        """AWS's name for it."""
        return type(self).__name__

    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {"message": str(self)}


class AccessDeniedException(ServiceError):
    """Not signed, wrongly signed, or the machine can't confine code and so runs none."""

    status = 403


class ConflictException(ServiceError):
    """The session is busy with another run."""

    status = 409


class InternalServerException(ServiceError):
    """A fault of the server."""


class ResourceNotFoundException(ServiceError):
    """There is no such session, or it has ended."""

    status = 404


class ServiceQuotaExceededException(ServiceError):
    """As many sessions are alive as the server allows."""

    status = 402


class ThrottlingException(ServiceError):
    """Too many requests at once."""

    status = 429


class ValidationException(ServiceError):
    """The request does not fit the model; `reason` is one of the model's ValidationExceptionReason."""

    status = 400

    def __init__(
        self, message: str, *, reason: str = "FieldValidationFailed", fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.fields = fields or {}

    def body(self) -> dict[str, object]:
        """The JSON body, with the fields at fault."""
        listed = [{"name": name, "message": message} for name, message in self.fields.items()]
        return {**super().body(), "reason": self.reason, "fieldList": listed}
