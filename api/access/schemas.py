"""What is said at the door, and what somebody who came in is told of themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core.access.principal import Scope
from core.limits.model import Limits


class SignInRequest(BaseModel):
    """What to sign in with."""

    model_config = ConfigDict(extra="forbid")

    credential: Annotated[SecretStr, Field(max_length=8192, description="An API key, or a token of a known issuer")]


class TenantOfMe(BaseModel):
    """Whose things one sees."""

    id: str
    name: str


class KeyOfMe(BaseModel):
    """The key that one came with, or traded for the cookie."""

    id: str
    name: str
    hint: str
    expires_at: str | None


class UsedOfMe(BaseModel):
    """What the tenant has used of its limits."""

    tokens_today: int = Field(description="In and out, by jobs that ended since 00:00 UTC")
    cost_today_usd: float
    storage_bytes: int


class Me(BaseModel):
    """Who asks."""

    auth: Literal["none", "keys"] = Field(description="`none`: nobody is asked here who they are")
    tenant: TenantOfMe
    subject: str
    scopes: list[Scope]
    key: KeyOfMe | None
    csrf_token: str | None = Field(
        description="With the page's cookie: what its unsafe requests carry as `X-CSRF-Token`. Ends with the sign-in"
    )
    limits: Limits = Field(description="The tighter of the tenant's and the key's; null is unlimited")
    used: UsedOfMe
