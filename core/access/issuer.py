"""Who else may say who somebody is: the settings of an OpenID Connect issuer whose tokens are taken."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.loopback import is_loopback

SAFE_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Those with a public key. With a shared secret, whoever checks tokens could make them; `none` is no signature."""


def fetchable(url: str) -> bool:
    """Whether an issuer's documents may be fetched from there: over TLS, or from this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


class OidcIssuer(BaseModel):
    """An issuer, and what its tokens say to us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(description="Its address, just as `iss` has it; https, or http on loopback")
    audiences: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="Values of `aud` that mean us; one of them has to be there"
    )
    audience_claim: str = Field("aud", description="Where that stands; access tokens of Cognito have it as client_id")
    tenant_claim: str | None = Field(None, description="The claim that names the tenant")
    tenant: str | None = Field(None, description="Or: the one tenant that all of its users belong to")
    tenant_prefix: str = Field(
        "", description="Put before what tenant_claim says, so that two issuers can't name each other's tenants"
    )
    create_tenants: bool = Field(False, description="Make a tenant that a token names and that is not there yet")
    scope_claim: str = Field("scope", description="A text with spaces, or a list: scopes, roles or groups")
    user_scope: str = Field("aci:user", description="What stands in it for the scope `user`")
    admin_scope: str = Field("aci:admin", description="What stands in it for the scope `admin`")
    algorithms: tuple[str, ...] = Field(("RS256", "ES256"), description="How its tokens may be signed")
    clock_skew_s: float = Field(30, ge=0, le=300, description="How far its clock may be off")

    @field_validator("issuer")
    @classmethod
    def _reachable_safely(cls, value: str) -> str:
        if not fetchable(value) or "?" in value:
            raise ValueError("must be an https address (http on loopback only) without user, query or fragment")
        return value

    @field_validator("algorithms")
    @classmethod
    def _asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not SAFE_ALGORITHMS.issuperset(value):
            raise ValueError(f"must be some of {', '.join(sorted(SAFE_ALGORITHMS))}")
        return value

    @model_validator(mode="after")
    def _one_way_to_a_tenant(self) -> Self:
        if (self.tenant_claim is None) == (self.tenant is None):
            raise ValueError("needs either tenant_claim or tenant")
        return self
