"""Verification of AWS Signature Version 4 on requests for the service `bedrock-agentcore`.

The signature covers method, path, query, the signed headers and the body's hash; all of them are taken from the request
as it came, never from what it says of itself. Comparison is in constant time, and a signature is good for five minutes
around its date ("Create a signed AWS API request" in AWS's IAM guide).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote

from sandbox.wire.errors import AccessDeniedException

SERVICE: Final = "bedrock-agentcore"
CLOCK_SKEW: Final = timedelta(minutes=5)
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_MUST_BE_SIGNED: Final = ("host", "x-amz-date")


@dataclass(frozen=True, slots=True)
class Claim:
    """What an Authorization header says, checked as far as is possible without the body."""

    date: str
    region: str
    amz_date: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential's scope."""
        return f"{self.date}/{self.region}/{SERVICE}/aws4_request"


class Verifier:
    """Checks requests against one access key."""

    def __init__(self, access_key_id: str, secret_access_key: str) -> None:
        self._access_key_id = access_key_id
        self._secret = secret_access_key

    def read_claim(self, headers: Mapping[str, str], now: datetime) -> Claim:
        """Check the key, the scope and the date. Raises AccessDeniedException. Header names are in lower case."""
        fields = _parse_authorization(headers.get("authorization", ""))
        key, date, region, service, ending = _parse_credential(fields.get("Credential", ""))
        if not hmac.compare_digest(key.encode(), self._access_key_id.encode()):
            raise AccessDeniedException("The access key id is not the one this server was given.")
        if (service, ending) != (SERVICE, "aws4_request"):
            raise AccessDeniedException(f"The request must be signed for the service {SERVICE}.")
        amz_date = headers.get("x-amz-date", "")
        try:
            signed_at = datetime.strptime(amz_date, _DATE_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            raise AccessDeniedException("The request carries no valid x-amz-date.") from None
        if abs(now - signed_at) > CLOCK_SKEW or amz_date[:8] != date:
            raise AccessDeniedException(
                f"The signature has expired or is not yet valid: signed at {amz_date}, now {now:%Y%m%dT%H%M%SZ}."
            )
        signed = tuple(fields.get("SignedHeaders", "").split(";"))
        must = [*_MUST_BE_SIGNED, *(name for name in headers if name.startswith("x-amz"))]
        for name in must:
            if name not in signed and name != "x-amzn-trace-id":
                raise AccessDeniedException(f"The header {name} must be signed.")
        return Claim(date, region, amz_date, signed, fields.get("Signature", ""))

    def verify(
        self, claim: Claim, method: str, path: str, query: str, headers: Mapping[str, str], body_sha256: str
    ) -> None:
        """Check the signature over the whole request. Raises AccessDeniedException.

        `path` and `query` are as they came over the wire, still percent-encoded; `body_sha256` is in hexadecimal.
        """
        stated = headers.get("x-amz-content-sha256")
        if stated is not None and not hmac.compare_digest(stated.encode(), body_sha256.encode()):
            raise AccessDeniedException("The body is not the one that was signed.")
        canonical = canonical_request(method, path, query, headers, claim.signed_headers, body_sha256)
        to_sign = "\n".join([_ALGORITHM, claim.amz_date, claim.scope, hashlib.sha256(canonical.encode()).hexdigest()])
        expected = hmac.new(self._signing_key(claim), to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
            raise AccessDeniedException("The signature does not match the request.")

    def _signing_key(self, claim: Claim) -> bytes:
        key = b"AWS4" + self._secret.encode()
        for part in (claim.date, claim.region, SERVICE, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key


def _parse_authorization(value: str) -> dict[str, str]:
    algorithm, _, rest = value.partition(" ")
    if algorithm != _ALGORITHM:
        raise AccessDeniedException("The request is not signed: sign it with AWS Signature Version 4.")
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {name: content for name, _, content in pairs}


def _parse_credential(value: str) -> tuple[str, str, str, str, str]:
    parts = value.rsplit("/", 4)
    if len(parts) != 5:
        raise AccessDeniedException("The Credential of the signature is malformed.")
    return parts[0], parts[1], parts[2], parts[3], parts[4]


def canonical_request(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    signed_headers: Iterable[str],
    body_sha256: str,
) -> str:
    """The text both sides hash. A signed header that the request lacks counts as empty."""
    names = list(signed_headers)
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names]
    return "\n".join(
        [method, _canonical_path(path), _canonical_query(query), "".join(lines), ";".join(names), body_sha256]
    )


def _canonical_path(path: str) -> str:
    """Without empty and dot segments, and encoded once more than it came, as all services but S3 have it."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if segments:
                segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    ending = "/" if segments and path.endswith("/") else ""
    return quote("/" + "/".join(segments) + ending, safe="/~-._")


def _canonical_query(query: str) -> str:
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    encoded = [(quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))
