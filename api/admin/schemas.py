"""What an admin may say of tenants and keys, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from core.access.principal import Scope
from core.agents.text import Text

DAY_S = 24 * 3600
LONGEST_LIFE_S = 10 * 365 * DAY_S
LONGEST_GRACE_S = 30 * DAY_S


def _trimmed(value: str) -> str:
    if value != value.strip():
        raise ValueError("must not begin or end with white space")
    return value


Name = Annotated[Text, StringConstraints(min_length=1, max_length=200), AfterValidator(_trimmed)]
Weight = Annotated[int, Field(ge=1, le=1000, description="Its share of the slots beside other tenants that wait")]
Life = Annotated[int | None, Field(ge=1, le=LONGEST_LIFE_S, description="Seconds until it ends by itself")]


class TenantCreate(BaseModel):
    """A new tenant."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    weight: Weight = 1


class TenantPatch(BaseModel):
    """What is to be another; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    weight: Weight = 1
    suspended: bool = Field(False, description="Nobody of it is let in; what was accepted before is still done")


class TenantView(BaseModel):
    """A tenant."""

    id: str
    name: str
    weight: int
    suspended: bool
    created_at: str


class TenantPage(BaseModel):
    """A page of tenants, newest first."""

    items: list[TenantView]
    next_cursor: str | None


class KeyCreate(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str | None = Field(None, description="Whose it is; your own tenant's, where it is left out")
    name: Name
    scopes: list[Scope] = Field([Scope.USER], min_length=1, max_length=2)
    expires_in_s: Life = None


class KeyRotate(BaseModel):
    """How one key takes the place of another."""

    model_config = ConfigDict(extra="forbid")

    grace_s: int = Field(DAY_S, ge=0, le=LONGEST_GRACE_S, description="How long the old one is still good")
    expires_in_s: Life = Field(None, description="Left out: the new one lasts as long as the old one was to")


class KeyView(BaseModel):
    """A key, without itself."""

    id: str
    tenant_id: str
    name: str
    hint: str = Field(description="Its first characters")
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None = Field(description="To the minute or so")
    rotated_from: str | None = Field(description="The key in whose place it was made")


class NewKey(KeyView):
    """A key that was just made."""

    secret: str = Field(description="The key itself: it is kept nowhere, and never shown again")


class KeyPage(BaseModel):
    """A page of keys, newest first."""

    items: list[KeyView]
    next_cursor: str | None


class AuditView(BaseModel):
    """One act of an admin."""

    id: str
    at: str
    tenant_id: str = Field(description="The tenant of whoever acted")
    subject: str
    action: str
    target: str
    detail: dict[str, Any]
    request_id: str


class AuditPage(BaseModel):
    """A page of acts, newest first."""

    items: list[AuditView]
    next_cursor: str | None
