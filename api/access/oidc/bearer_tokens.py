"""Reads the tokens of configured issuers: who signed it, whether it is meant for us, whether it is still good, and
whom it speaks of. What is wrong with one is for the log alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import jwt
from pydantic import StringConstraints, TypeAdapter, ValidationError

from api.access.oidc.issuer_keys import IssuerKeys, PublicKey
from api.access.oidc.spoken import Rejected, Spoken
from core.access.issuer import OidcIssuer
from core.access.principal import Scope
from core.agents.text import Text

LONGEST = 8192
"""Characters of a token."""
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What a token may say it is: a logout token, say, is signed by the same keys and no proof of anything here."""
FAR = 2**40
"""A time that nobody sees, and every number of ours can hold."""

_NAME: TypeAdapter[str] = TypeAdapter(Annotated[Text, StringConstraints(min_length=1, max_length=200, strict=True)])


class BearerTokens:
    """Made once a process."""

    def __init__(self, issuers: Sequence[OidcIssuer]) -> None:
        self._issuers = {issuer.issuer: (issuer, IssuerKeys(issuer)) for issuer in issuers}

    async def close(self) -> None:
        """Let the connections to the issuers go."""
        for _, keys in self._issuers.values():
            await keys.close()

    def may_be_one(self, text: str) -> bool:
        """Whether the text has the form of a token."""
        return text.count(".") == 2 and len(text) <= LONGEST

    async def read(self, token: str) -> Spoken:
        """What the token says, after all was verified. Raises Rejected, and IssuerAway."""
        header, unverified = _unverified(token)
        named = unverified.get("iss")
        if not isinstance(named, str) or named not in self._issuers:
            raise Rejected("a token of an unknown issuer")
        issuer, keys = self._issuers[named]
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in issuer.algorithms:
            raise Rejected("a token signed in a way that is not allowed")
        if str(header.get("typ", "jwt")).lower() not in TYPES or "crit" in header:
            raise Rejected("a token of another kind")
        if kid is not None and not isinstance(kid, str):
            raise Rejected("a token that can't be read")
        key = await keys.find(kid, algorithm)
        if key is None:
            raise Rejected("a token of an unknown key")
        try:
            claims = _verified(token, issuer, key, algorithm)
        except jwt.InvalidSignatureError:
            # Where keys have no names, another one may have come in place of this.
            newer = await keys.find_anew(algorithm) if kid is None else None
            if newer is None or newer is key:
                raise Rejected("a token with a wrong signature") from None
            try:
                claims = _verified(token, issuer, newer, algorithm)
            except jwt.InvalidSignatureError:
                raise Rejected("a token with a wrong signature") from None
        return _spoken(issuer, claims)


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they came, to find out whose token it would be."""
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Rejected("a token that can't be read") from None
    return parts["header"], parts["payload"]


def _verified(token: str, issuer: OidcIssuer, key: PublicKey, algorithm: str) -> dict[str, Any]:
    """The claims, now that they are known to be the issuer's and good at this time.

    Raises Rejected, but for a wrong signature InvalidSignatureError.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            issuer=issuer.issuer,
            leeway=issuer.clock_skew_s,
            options={"require": ["exp", "sub", "iss"], "verify_aud": False},
        )
    except jwt.InvalidSignatureError:
        raise
    except jwt.ExpiredSignatureError:
        raise Rejected("an expired token") from None
    except jwt.ImmatureSignatureError:
        raise Rejected("a token that is not good yet") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise Rejected("a token with claims that are wrong") from None
    return claims


def _spoken(issuer: OidcIssuer, claims: dict[str, Any]) -> Spoken:
    if not set(issuer.audiences).intersection(_texts(claims.get(issuer.audience_claim))):
        raise Rejected("a token for another audience")
    tenant = issuer.tenant
    if issuer.tenant_claim is not None:
        tenant = issuer.tenant_prefix + _name(claims.get(issuer.tenant_claim), "a token that names no tenant")
    assert tenant is not None
    said = claims.get(issuer.scope_claim)
    words = said.split() if isinstance(said, str) else _texts(said)
    scopes = {Scope.USER: issuer.user_scope in words, Scope.ADMIN: issuer.admin_scope in words}
    return Spoken(
        subject=f"oidc {issuer.issuer} {_name(claims['sub'], 'a token that names nobody')}",
        tenant=_name(tenant, "a token that names no tenant"),
        create_tenant=issuer.create_tenants,
        scopes=frozenset(scope for scope, there in scopes.items() if there),
        left_s=min(int(claims["exp"]), FAR) + issuer.clock_skew_s - time.time(),
    )


def _texts(claim: Any) -> list[str]:
    """A claim that is one text or a list of them (RFC 7519, 4.1.3)."""
    if isinstance(claim, str):
        return [claim]
    return [one for one in claim if isinstance(one, str)] if isinstance(claim, list) else []


def _name(value: Any, otherwise: str) -> str:
    """A text that may stand in a row. Raises Rejected."""
    try:
        name = _NAME.validate_python(value)
    except ValidationError:
        raise Rejected(otherwise) from None
    if not name.strip():
        raise Rejected(otherwise)
    return name
