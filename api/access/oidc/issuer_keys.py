"""The public keys of one issuer: found by discovery (OpenID Connect Discovery 1.0), kept, and fetched anew when there
are others.

Fetching is bounded: TLS except from this machine, no redirect, five seconds, 256 KiB. However many tokens come with an
unknown key, the issuer is asked once in ten seconds; tokens whose key is known never wait for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from jwt import PyJWK, PyJWTError

from api.access.oidc.spoken import IssuerAway
from core.access.issuer import OidcIssuer, fetchable
from core.loopback import is_loopback

logger = logging.getLogger(__name__)

FRESH_S = 600.0
"""After that the keys are fetched again, beside the work."""
USABLE_S = 3600.0
"""So long they count while the issuer can't be reached."""
APART_S = 10.0
"""Between two tries to fetch them."""
FETCH_S = 5.0
LARGEST = 256 * 1024
TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The type of key (RFC 7518, 6.1) that an algorithm takes, by its first letters."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of an issuer."""

    kid: str | None
    type: str
    algorithm: str | None
    """The only one that it serves, where it says so."""
    key: Any
    """As PyJWT takes it."""


class Unfetchable(Exception):
    """One try to fetch came to nothing; the message says why."""


@cache
def _trusted(as_the_environment_says: bool) -> ssl.SSLContext:
    """Whose certificates count: loaded once for all issuers, since that takes longer than to ask one."""
    return httpx.create_ssl_context(trust_env=as_the_environment_says)


class IssuerKeys:
    """Made once a process for each issuer."""

    def __init__(self, issuer: OidcIssuer) -> None:
        self._issuer = issuer
        self._on_this_machine = is_loopback(urlsplit(issuer.issuer).hostname or "")
        self._http = httpx.AsyncClient(
            follow_redirects=False,
            timeout=FETCH_S,
            trust_env=not self._on_this_machine,
            verify=_trusted(not self._on_this_machine),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
        self._keys: list[PublicKey] = []
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Let the connections go."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        await self._http.aclose()

    async def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """The key of that name which may verify that algorithm; without a name, the only one. None: there is none.

        Raises IssuerAway.
        """
        age = time.monotonic() - self._fetched_at
        if age > USABLE_S:
            await self._fetch_unless_tried()
            if time.monotonic() - self._fetched_at > USABLE_S:
                raise IssuerAway(self._issuer.issuer)
        elif age > FRESH_S and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._fetch_unless_tried(), name="issuer-keys")
        key = self._pick(kid, algorithm)
        if key is None:
            await self._fetch_unless_tried()
            key = self._pick(kid, algorithm)
        return key

    async def find_anew(self, algorithm: str) -> PublicKey | None:
        """The only key there is, after asking the issuer, unless that was tried moments ago."""
        await self._fetch_unless_tried()
        return self._pick(None, algorithm)

    def _pick(self, kid: str | None, algorithm: str) -> PublicKey | None:
        fit = [
            key
            for key in self._keys
            if key.type == TYPES[algorithm[:2]] and kid in (None, key.kid) and key.algorithm in (None, algorithm)
        ]
        return fit[0] if len(fit) == 1 else None

    async def _fetch_unless_tried(self) -> None:
        """Fetch, unless that was tried moments ago. Whoever comes meanwhile waits for the one that is under way."""
        asked_at = time.monotonic()
        async with self._lock:
            if self._tried_at > asked_at or time.monotonic() - self._tried_at < APART_S:
                return
            try:
                self._keys = _usable(await self._fetch())
                self._fetched_at = time.monotonic()
            except Unfetchable as why:
                logger.warning("The keys of the issuer %s can't be fetched: %s.", self._issuer.issuer, why)
            finally:
                self._tried_at = time.monotonic()

    async def _fetch(self) -> list[Any]:
        """The issuer's JSON Web Key Set. Raises Unfetchable."""
        try:
            async with asyncio.timeout(FETCH_S):
                address = f"{self._issuer.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = await self._get(address)
                if found.get("issuer") != self._issuer.issuer:
                    raise Unfetchable("its discovery document names another issuer")
                keys_at = found.get("jwks_uri")
                if not isinstance(keys_at, str) or not self._may_fetch(keys_at):
                    raise Unfetchable("jwks_uri is not an address that may be fetched")
                keys = (await self._get(keys_at)).get("keys")
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unfetchable(type(error).__name__) from None
        if not isinstance(keys, list):
            raise Unfetchable("its key set has no list of keys")
        return keys

    def _may_fetch(self, address: str) -> bool:
        """An issuer elsewhere has no business to send us to this machine."""
        host = urlsplit(address).hostname if fetchable(address) else None
        return host is not None and (self._on_this_machine or not is_loopback(host))

    async def _get(self, address: str) -> dict[str, Any]:
        body = bytearray()
        async with self._http.stream("GET", address) as answer:
            if answer.status_code != 200:
                raise Unfetchable(f"it answered {answer.status_code}")
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > LARGEST:
                    raise Unfetchable(f"it answered with more than {LARGEST} bytes")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise Unfetchable("it answered with something that is not JSON") from None
        if not isinstance(document, dict):
            raise Unfetchable("it answered with something that is no object")
        return document


def _usable(keys: list[Any]) -> list[PublicKey]:
    """Those that verify signatures with a public key; what we don't understand is left out (RFC 7517, 5)."""
    usable = []
    for key in keys:
        if not isinstance(key, dict) or key.get("kty") not in TYPES.values() or key.get("use", "sig") != "sig":
            continue
        try:
            usable.append(PublicKey(key.get("kid"), key["kty"], key.get("alg"), PyJWK(key).key))
        except (PyJWTError, ValueError, TypeError, KeyError):
            continue
    return usable
