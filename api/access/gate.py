"""Decides who a request is from and whether it may go on: by its header, or by the page's cookie where it has none.

Everything wrong with a credential gets the same 401, whether it was never one, is unknown, has expired or was revoked.
What the form alone shows costs no query, and is no secret; the rest takes the same path through the same query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Self

from starlette.requests import HTTPConnection
from starlette.types import Scope as RequestScope

from api.access import cookies
from api.access.lookup import FRESH_S, MOST, Lookup
from api.access.oidc.spoken import IssuerAway, Rejected, Spoken
from api.access.refusals import Refusals
from api.access.remembered import Remembered
from api.guards import SAFE_METHODS
from core.access import sign_ins, tenants, tokens
from core.access.credentials import State
from core.access.principal import Principal, Scope
from core.access.sign_ins import SignedIn
from core.access.tenants import Tenant
from core.access.tokens import Kind
from core.database.pool import Pool
from core.errors import (
    CsrfTokenWrong,
    Forbidden,
    ForeignPage,
    TenantSuspended,
    TenantUnknown,
    Unauthorized,
    Unavailable,
)
from core.settings import Settings

if TYPE_CHECKING:
    from api.access.oidc.bearer_tokens import BearerTokens

ADMIN_ROUTES = "/v1/admin/"
FOR_ANYBODY_KNOWN = frozenset({"/v1/me", "/v1/sign-out"})
"""Routes that need a credential and no scope. All others under /v1/ need `user`, and those of admins `admin`."""


def needed_scope(path: str) -> Scope | None:
    """What a principal must have to come to that path. A route added later is guarded without being named here."""
    if path in FOR_ANYBODY_KNOWN:
        return None
    return Scope.ADMIN if path.startswith(ADMIN_ROUTES) else Scope.USER


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose credential is good."""

    principal: Principal
    left_s: float | None
    """Seconds until it ends by itself; None: it does not."""


class Gate:
    """Made once a process."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._pool = pool
        self._origins = frozenset(origin.lower() for origin in settings.allowed_origins)
        self._lookup = Lookup(pool)
        self._tokens = _bearer_tokens(settings)
        self._read: Remembered[Known] = Remembered(MOST)
        """Tokens that were verified, by their digest."""
        self._refusals = Refusals()

    async def __aenter__(self) -> Self:
        await self._lookup.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._refusals.tell()
        if self._tokens is not None:
            await self._tokens.close()
        await self._lookup.__aexit__(kind, error, trace)

    def admit_at_once(self, scope: RequestScope) -> Principal | None:
        """Who asks, where that is a key which was looked up moments ago; None leaves the rest to `admit`.

        What nearly every request of a program is. It does not pay for parsing what is not needed then.
        """
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) != 1 or given[0][:11].lower() != b"bearer aci_":
            return None
        credential = self._lookup.known(sha256(given[0][7:]).digest())
        if credential is None or credential.state is not State.GOOD:
            return None
        needed = needed_scope(scope["path"])
        return credential.principal if needed is None or needed in credential.principal.scopes else None

    async def admit(self, connection: HTTPConnection) -> Principal:
        """Who asks. Raises Unauthorized, Forbidden, or Unavailable, and what Postgres raises when it is away."""
        headers = connection.headers.getlist("authorization")
        if headers:
            # A header that is there is what counts: with a wrong one, a good cookie is of no use.
            scheme, _, secret = headers[0].partition(" ")
            if len(headers) > 1 or scheme.lower() != "bearer":
                raise self._refused("not a bearer token", connection)
            principal = (await self.identify(secret.strip(), connection)).principal
        else:
            principal = await self._by_cookie(connection)
        needed = needed_scope(connection.scope["path"])
        if needed is not None and needed not in principal.scopes:
            raise Forbidden(f"This needs a key or a sign-in with the scope `{needed}`.")
        return principal

    async def identify(self, secret: str, connection: HTTPConnection) -> Known:
        """Whose key or token it is. Raises the same as `admit`."""
        if tokens.well_formed(Kind.KEY, secret):
            return await self._found(secret, "key", connection)
        if self._tokens is not None and self._tokens.may_be_one(secret):
            return await self._from_token(self._tokens, secret, connection)
        raise self._refused("malformed", connection)

    def forget_all(self) -> None:
        """Ask anew for everybody in this process: a key or a tenant has changed."""
        self._lookup.forget_all()
        self._read.clear()

    # --- the page ---------------------------------------------------------------------------------------

    async def sign_in(self, known: Known) -> SignedIn:
        """Begin a sign-in of the page, which ends no later than what it is traded for."""
        left = timedelta.max if known.left_s is None else timedelta(seconds=max(known.left_s, 0))
        return await sign_ins.begin(self._pool, known.principal, left)

    async def sign_out(self, secret: str) -> None:
        """End a sign-in: here at once, in other processes within `FRESH_S`."""
        await sign_ins.end(self._pool, secret)
        self._lookup.forget(tokens.digest(secret))

    async def _by_cookie(self, connection: HTTPConnection) -> Principal:
        secret = cookies.held(connection)
        if secret is None:
            raise Unauthorized  # nothing came that could be wrong: no line in the log
        if not tokens.well_formed(Kind.SIGN_IN, secret):
            raise self._refused("malformed cookie", connection)
        self._check_page(connection)
        principal = (await self._found(secret, "cookie", connection)).principal
        unsafe = connection.scope["type"] == "http" and connection.scope["method"] not in SAFE_METHODS
        if unsafe and not cookies.carries_csrf_token(connection, secret):
            raise CsrfTokenWrong
        return principal

    def _check_page(self, connection: HTTPConnection) -> None:
        """A browser sends the cookie along; so which page made it do so counts, for reading and streaming too.

        SameSite does not tell ports and sibling hosts apart, and no script can give an EventSource or a WebSocket a
        header. What browsers say by themselves (Origin, Sec-Fetch-Site) no page can forge. The guards have checked an
        Origin that is there wherever something could be changed.
        """
        origin = connection.headers.get("origin")
        if connection.scope["type"] == "websocket" and origin is None:
            raise ForeignPage  # every browser names it in a handshake (RFC 6455, 4.1); and only browsers have cookies
        fetched_by = connection.headers.get("sec-fetch-site", "none")
        if fetched_by not in ("same-origin", "none") and (origin or "").lower() not in self._origins:
            raise ForeignPage

    # --- finding out ------------------------------------------------------------------------------------

    async def _found(self, secret: str, what: str, connection: HTTPConnection) -> Known:
        credential = await self._lookup.find(tokens.digest(secret))
        if credential is None:
            raise self._refused(f"unknown {what}", connection)
        if credential.state is State.SUSPENDED:
            raise TenantSuspended
        if credential.state is not State.GOOD:
            raise self._refused(f"{credential.state} {what}", connection)
        return Known(credential.principal, credential.left_s)

    async def _from_token(self, reader: BearerTokens, token: str, connection: HTTPConnection) -> Known:
        digest = tokens.digest(token)
        if (kept := self._read.get(digest)) is not None:
            return kept[0]
        try:
            spoken = await reader.read(token)
        except Rejected as why:
            raise self._refused(str(why), connection) from None
        except IssuerAway:
            raise Unavailable("The issuer of this token can't be reached to check it. Try again.") from None
        tenant = await self._tenant(spoken, connection.scope["request_id"])
        if tenant.suspended_at is not None:
            raise TenantSuspended
        known = Known(Principal(tenant.id, spoken.subject, spoken.scopes), spoken.left_s)
        self._read.put(digest, known, min(FRESH_S, spoken.left_s))
        return known

    async def _tenant(self, spoken: Spoken, request_id: str) -> Tenant:
        tenant = await tenants.named(self._pool, spoken.tenant)
        if tenant is None and spoken.create_tenant:
            async with self._pool.acquire() as database, database.transaction():
                tenant = await tenants.of_token(database, spoken.tenant, spoken.subject, request_id)
        if tenant is None:
            raise TenantUnknown
        return tenant

    def _refused(self, why: str, connection: HTTPConnection) -> Unauthorized:
        client = connection.client
        self._refusals.note(why, client.host if client else "an unknown address")
        return Unauthorized()


def _bearer_tokens(settings: Settings) -> BearerTokens | None:
    """What reads the tokens of the issuers that are set; without one, its libraries aren't even loaded."""
    if not settings.oidc_issuers:
        return None
    from api.access.oidc.bearer_tokens import BearerTokens

    return BearerTokens(settings.oidc_issuers)
