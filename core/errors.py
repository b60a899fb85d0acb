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
    retry_after_s: int | None = None
    """What `Retry-After` says, where coming back is of use."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def members(self) -> dict[str, str]:
        """What the problem says beyond what all say (RFC 9457, 3.2)."""
        return {}


class Unauthorized(ServiceError):
    """We don't know who asks. What was wrong with a credential is not said: it would help only who has none."""

    slug = "unauthorized"
    title = "Unauthorized"
    status = 401

    def __init__(self) -> None:
        super().__init__("This needs a valid API key or token: `Authorization: Bearer …`.")


class Forbidden(ServiceError):
    """We know who asks, and they may not do this."""

    slug = "forbidden"
    title = "Not allowed"
    status = 403


class TenantSuspended(Forbidden):
    """The tenant was suspended: nobody of it is let in."""

    slug = "tenant-suspended"
    title = "The tenant is suspended"

    def __init__(self) -> None:
        super().__init__("An administrator has suspended your tenant. What was accepted before is still done.")


class TenantUnknown(Forbidden):
    """A good token names a tenant that is not there, and its issuer may not make any."""

    slug = "tenant-unknown"
    title = "The tenant is not known"

    def __init__(self) -> None:
        super().__init__("Your token is good, but an administrator has to create the tenant that it names.")


class CsrfTokenWrong(Forbidden):
    """A request with the page's cookie, and without the token that only the page has."""

    slug = "csrf-token-wrong"
    title = "The CSRF token is missing or wrong"

    def __init__(self) -> None:
        super().__init__("With a cookie this needs the header `X-CSRF-Token`, as the sign-in and `/v1/me` give it.")


class ForeignPage(Forbidden):
    """A page of another origin used the page's cookie."""

    slug = "origin-not-allowed"
    title = "Forbidden"

    def __init__(self) -> None:
        super().__init__("Pages of another origin may not do this (ACI_ALLOWED_ORIGINS).")


class InsecureSignIn(Forbidden):
    """A cookie would travel in the clear."""

    slug = "insecure-sign-in"
    title = "Signing in needs https here"

    def __init__(self) -> None:
        super().__init__("Beyond this machine a sign-in is only possible over https; a key in a header still is.")


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


class StorageFull(ServiceError):
    """The tenant has stored as much as it may."""

    slug = "storage-full"
    title = "No room left for files"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"It would be more than the {limit} bytes that the limit allows to be stored. What is deleted or replaced "
            "makes room after some minutes."
        )


class LimitReached(ServiceError):
    """As much was asked for as the tenant or its key may; `limit` is the field of `Limits` that says so."""

    slug = "limit-reached"
    title = "A limit is reached"
    status = 429

    def __init__(self, detail: str, limit: str, whose: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.limit = limit
        self.whose = whose
        self.retry_after_s = retry_after_s

    def members(self) -> dict[str, str]:
        return {"limit": self.limit, "whose": self.whose}


class Unavailable(ServiceError):
    """A part the request needs is away for the moment."""

    slug = "unavailable"
    title = "Not available at the moment"
    status = 503
    retry_after_s = 2


class Overloaded(ServiceError):
    """More jobs wait, of all tenants, than the service takes."""

    slug = "overloaded"
    title = "Too much waits already"
    status = 503
    retry_after_s = 10
