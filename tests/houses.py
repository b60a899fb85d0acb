"""A service that asks who is there, in the test's own process, and those who come to it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

ORIGIN = "http://localhost"


class House:
    """One API process with its admin."""

    def __init__(self, app: FastAPI, admin_key: str) -> None:
        self.app = app
        self.admin_key = admin_key

    def visitor(self, key: str | None = None, url: str = ORIGIN, **headers: str) -> httpx.AsyncClient:
        """A client: with that key, or as whoever it turns out to be."""
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=url, headers=headers)

    async def as_admin(self, method: str, path: str, status: int, body: Any = None) -> Any:
        """What an admin is answered, who must be with that status."""
        async with self.visitor(self.admin_key) as admin:
            answer = await admin.request(method, f"/v1/admin{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def tenant(self, **wanted: Any) -> dict[str, Any]:
        """A tenant that nobody has seen before."""
        made: dict[str, Any] = await self.as_admin(
            "POST", "/tenants", 201, {"name": f"tenant {secrets.token_hex(4)}", **wanted}
        )
        return made

    async def key(self, **wanted: Any) -> dict[str, Any]:
        """A new key, with its `secret`; of the admin's tenant, where none is named."""
        made: dict[str, Any] = await self.as_admin("POST", "/keys", 201, {"name": "a key", **wanted})
        return made

    @asynccontextmanager
    async def page(self, key: str, url: str = ORIGIN) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
        """A browser that signed in with a key, and its CSRF token."""
        async with self.visitor(url=url) as browser:
            answer = await browser.post("/v1/sign-in", json={"credential": key})
            assert answer.status_code == 200, answer.text
            yield browser, answer.json()["csrf_token"]


OpenHouse = Callable[..., Awaitable[House]]
