"""One API process, and those who come to it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI


@dataclass
class Api:
    """One API process and its operator."""

    app: FastAPI
    admin_key: str

    def visitor(self, key: str | None = None) -> httpx.AsyncClient:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://localhost", headers=headers)

    async def admin(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """What the admin is answered."""
        async with self.visitor(self.admin_key) as admin:
            answer = await admin.request(method, f"/v1/admin{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def tenant(self, **limits: Any) -> str:
        """A tenant with these limits."""
        made = await self.admin("POST", "/tenants", {"name": secrets.token_hex(8)}, 201)
        await self.admin("PUT", f"/limits/tenants/{made['id']}", limits)
        return str(made["id"])

    async def key(self, tenant_id: str, **limits: Any) -> httpx.AsyncClient:
        """Somebody with a key of the tenant that has these limits."""
        made = await self.admin("POST", "/keys", {"name": "a key", "tenant_id": tenant_id}, 201)
        await self.admin("PUT", f"/limits/keys/{made['id']}", limits)
        return self.visitor(made["secret"])

    @property
    def rates(self) -> Any:
        return self.app.state.services.rates

    @property
    def pool(self) -> Any:
        return self.app.state.services.pool


OpenApi = Callable[..., Awaitable[Api]]
