"""What comes of a token: whom it speaks of, or why it does not count. Apart from what reads them, which is dear to load
and of no use where no issuer is set.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.access.principal import Scope


class Rejected(Exception):
    """The token is not one that counts here; the message says why, in a few fixed words."""


class IssuerAway(Exception):
    """There are no keys that count, and none can be fetched at the moment."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a good token says."""

    subject: str
    tenant: str
    create_tenant: bool
    scopes: frozenset[Scope]
    left_s: float
    """Seconds until it ends."""
