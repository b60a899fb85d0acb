"""Who owns what. Until there is sign-in everything belongs to one tenant, made by the first migration."""

from __future__ import annotations

from uuid import UUID

DEFAULT_TENANT = UUID("00000000-0000-7000-8000-000000000001")
