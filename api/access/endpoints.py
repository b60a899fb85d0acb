"""`/v1/sign-in`: the page trades the key for a cookie that its scripts can't read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.access.key import COOKIE, COOKIE_S, AccessKey
from api.routing import resource
from core.errors import ServiceError

router = resource("/v1", "access")


class WrongKey(ServiceError):
    """The key is not the service's."""

    slug = "unauthorized"
    title = "Unauthorized"
    status = 401


class SignIn(BaseModel):
    """What to sign in with."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[SecretStr, Field(max_length=500)]


@router.post("/sign-in", status_code=204)
async def sign_in(wanted: SignIn, request: Request, response: Response) -> None:
    """Set the cookie. Where no key is asked for, there is nothing to do, and it answers the same."""
    key: AccessKey | None = request.app.state.access_key
    if key is None:
        return
    if not key.accepts(wanted.key.get_secret_value()):
        raise WrongKey("That is not the key of this service.")
    response.set_cookie(
        COOKIE,
        key.cookie(),
        max_age=COOKIE_S,
        httponly=True,
        samesite="strict",
        secure=request.headers.get("x-forwarded-proto", request.url.scheme) == "https",
    )


@router.post("/sign-out", status_code=204)
async def sign_out(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
