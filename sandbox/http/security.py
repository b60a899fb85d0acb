"""What every request of the data plane must pass before anything looks at it: Host, size, signature.

The cheap checks come first: a stranger's body is refused before it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request

from sandbox.wire.errors import AccessDeniedException, ValidationException
from sandbox.wire.sigv4 import Verifier

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class HostRule:
    """The names under which this server may be called, so that no web page can reach it by a name of its own."""

    names: frozenset[str]

    @classmethod
    def of(cls, host: str, further: Iterable[str]) -> HostRule:
        """Loopback, the address listened on, and what the settings add."""
        return cls(frozenset(name.lower() for name in (*_LOOPBACK, host, f"[{host}]", *further)))

    def check(self, request: Request) -> None:
        """Raises AccessDeniedException."""
        value = request.headers.get("host", "").lower()
        name = value[: value.rfind("]") + 1] if value.startswith("[") else value.partition(":")[0]
        if name not in self.names:
            raise AccessDeniedException(
                "The Host header names another server. Add the name to SANDBOX_ALLOWED_HOSTS if it is meant."
            )


class Doorkeeper:
    """Turns a raw request into the bytes of an authentic one."""

    def __init__(self, verifier: Verifier, hosts: HostRule, max_body_bytes: int) -> None:
        self._verifier = verifier
        self._hosts = hosts
        self._max_body_bytes = max_body_bytes

    async def admit(self, request: Request) -> bytes:
        """The body of a request whose signature holds. Raises AccessDeniedException, ValidationException."""
        self._hosts.check(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        claim = self._verifier.read_claim(headers, datetime.now(UTC))
        body = await self._read(request)
        path = request.scope["raw_path"].decode("ascii")
        query = request.scope["query_string"].decode("ascii")
        digest = hashlib.sha256(body).hexdigest()
        self._verifier.verify(claim, request.method, path, query, headers, digest)
        return body

    async def _read(self, request: Request) -> bytes:
        too_long = ValidationException(f"The body is longer than {self._max_body_bytes} bytes.")
        stated = request.headers.get("content-length", "0")
        if not stated.isdigit() or int(stated) > self._max_body_bytes:
            raise too_long
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self._max_body_bytes:
                raise too_long
        return bytes(body)
