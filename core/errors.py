"""What can go wrong, in the user's words.

Every error of the service is a subclass of `ServiceError`: its `slug` and `status` are what the API answers
with (RFC 9457), its message says what happened and, where something can be done, what.
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """An error with an address of its own under `/problems/` and an HTTP status."""

    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"
    status: ClassVar[int] = 500

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Forbidden(ServiceError):
    """We know who asks, and they may not do this."""

    slug = "forbidden"
    title = "Not allowed"
    status = 403


class NotFound(ServiceError):
    """Nothing of that name is there, or it is somebody else's: the two are not told apart."""

    slug = "not-found"
    title = "Not found"
    status = 404


class Conflict(ServiceError):
    """The thing is there, but in a state that does not allow this."""

    slug = "conflict"
    title = "Not possible in its present state"
    status = 409


class InvalidInput(ServiceError):
    """A field of the request is wrong; `pointer` names it (a JSON pointer, RFC 6901)."""

    slug = "invalid-input"
    title = "The request has a field that is not valid"
    status = 422

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.pointer = pointer


class TooLarge(ServiceError):
    """More bytes than allowed."""

    slug = "too-large"
    title = "Too large"
    status = 413


class Unavailable(ServiceError):
    """A part the request needs is away for the moment."""

    slug = "unavailable"
    title = "Not available at the moment"
    status = 503
