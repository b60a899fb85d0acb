"""Who asks. Everything that is done for a request is done for its principal's tenant, and for nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from core.tenants import DEFAULT_TENANT


class Scope(StrEnum):
    """What a principal may do."""

    USER = "user"
    """Work: sessions, files and jobs of its own tenant."""
    ADMIN = "admin"
    """Run the service: tenants, keys, and what was done to them."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was let in."""

    tenant_id: UUID
    subject: str
    """Who, for the audit log: `key aci_1a2b…`, `oidc <issuer> <sub>`, or `nobody` where nobody is asked."""
    scopes: frozenset[Scope]
    key_id: UUID | None = None
    """The API key that it came with, or that its sign-in was traded for."""


NOBODY = Principal(DEFAULT_TENANT, "nobody", frozenset(Scope))
"""Whoever comes while nobody is asked (`ACI_AUTH=none`): on loopback, the one user of the machine."""
