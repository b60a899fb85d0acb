"""How our own secrets look: API keys (`aci_…`) and what the page's cookie holds (`acs_…`).

A prefix by which scanners know it, 160 random bits in hex, and eight characters of their SHA-256. These are no secret:
they tell a mistyped or cut key from a real one before anybody looks in the database.

Only SHA-256 of the whole is kept. A slow hash guards what people choose, because that can be guessed from a list; of
160 random bits nobody tries a noticeable part, however fast, and a slow hash would cost us each request.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum


class Kind(StrEnum):
    """What a secret is for; the prefix of its text."""

    KEY = "aci"
    SIGN_IN = "acs"


_RANDOM_BYTES = 20
_CHECK = 8
_FORM = re.compile(rf"(aci|acs)_([0-9a-f]{{{2 * _RANDOM_BYTES}}})([0-9a-f]{{{_CHECK}}})", re.ASCII)
_HINT = 12
"""Characters that a key is known by in lists and logs: the prefix and 32 of its bits. 128 stay secret."""


def _check(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_CHECK]


def draw(kind: Kind) -> str:
    """A new secret."""
    body = secrets.token_hex(_RANDOM_BYTES)
    return f"{kind}_{body}{_check(body)}"


def well_formed(kind: Kind, text: str) -> bool:
    """Whether it may be one: nothing else is worth a look in the database."""
    found = _FORM.fullmatch(text)
    return found is not None and found[1] == kind and found[3] == _check(found[2])


def digest(text: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def hint(text: str) -> str:
    """By what people tell their keys apart."""
    return text[:_HINT]
