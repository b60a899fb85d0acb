"""The service's API as Python: a method for each route that commands use, problems as exceptions, lists page by page.

with Client("https://aci.example", key) as client:
    for tenant in client.tenants():
        …
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, cast

import httpx

from cli.errors import Refused, Unreachable
from cli.shapes import Act, Agent, AgentDay, Key, Limits, LimitsShown, Me, NewKey, Readiness, Tenant

TIMEOUT_S = 30.0
PAGE = 200


class Client:
    """One service, asked as one principal. Methods raise Unreachable and Refused."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"Accept": "application/json", "User-Agent": "aci-cli"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(headers=headers, timeout=timeout_s, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    # --- how it is asked ------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        may: tuple[int, ...] = (),
    ) -> httpx.Response:
        """One request. `may` are error statuses that are an answer like any other."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            answer = self._http.request(
                method, f"{self.url}{path}", params=given or None, **({} if body is None else {"json": body})
            )
        except httpx.InvalidURL as error:
            raise Unreachable(f"{self.url} is no address: {error}.") from None
        except httpx.TimeoutException:
            raise Unreachable(f"{self.url} does not answer in time.") from None
        except (httpx.HTTPError, UnicodeError) as error:
            raise Unreachable(f"{self.url} can't be reached: {str(error) or type(error).__name__}.") from None
        if answer.status_code >= 400 and answer.status_code not in may:
            raise _refused(answer, self.url)
        return answer

    def _json(self, method: str, path: str, **more: Any) -> Any:
        answer = self.request(method, path, **more)
        try:
            return answer.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise Unreachable(
                f"What answers at {self.url} is not this service: {method} {path} gave no JSON ({answer.status_code})."
            ) from None

    def _pages(self, path: str, limit: int | None = None, **query: Any) -> Iterator[Any]:
        """The items of a list, all or the first so many."""
        cursor, left = None, limit
        while left is None or left > 0:
            size = PAGE if left is None else min(left, PAGE)
            page = self._json("GET", path, query={"limit": size, "cursor": cursor, **query})
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return
            left = None if left is None else left - len(page["items"])

    # --- what can be asked ----------------------------------------------------------------------------

    def me(self) -> Me:
        """Who asks."""
        return cast(Me, self._json("GET", "/v1/me"))

    def ready(self) -> tuple[Readiness, float | None]:
        """Each part's state, and the service's clock (seconds since 1970, to the second) where it told it."""
        answer = self.request("GET", "/readyz", may=(503,))
        try:
            found = answer.json()
            parts = found["parts"]
        except (ValueError, KeyError, TypeError):
            raise Unreachable(f"What answers at {self.url} is not this service: /readyz gave something else.") from None
        assert isinstance(parts, dict)
        date = answer.headers.get("date")
        return cast(Readiness, found), parsedate_to_datetime(date).timestamp() if date else None

    def agents(self) -> list[Agent]:
        """All agents."""
        return cast(list[Agent], self._json("GET", "/v1/agents")["items"])

    def usage(self, first: str | None = None, last: str | None = None) -> list[AgentDay]:
        """What one's tenant used, by day and agent."""
        return cast(list[AgentDay], self._json("GET", "/v1/usage", query={"from": first, "to": last})["items"])

    # --- what admins can ask --------------------------------------------------------------------------

    def tenants(self, limit: int | None = None) -> Iterator[Tenant]:
        """All tenants, newest first."""
        return self._pages("/v1/admin/tenants", limit)

    def tenant(self, tenant_id: str) -> Tenant:
        """One tenant."""
        return cast(Tenant, self._json("GET", f"/v1/admin/tenants/{tenant_id}"))

    def create_tenant(self, name: str, weight: int) -> Tenant:
        """Make one."""
        return cast(Tenant, self._json("POST", "/v1/admin/tenants", body={"name": name, "weight": weight}))

    def change_tenant(self, tenant_id: str, change: Mapping[str, Any]) -> Tenant:
        """Change what is given."""
        return cast(Tenant, self._json("PATCH", f"/v1/admin/tenants/{tenant_id}", body=dict(change)))

    def keys(self, tenant_id: str | None = None, limit: int | None = None) -> Iterator[Key]:
        """Keys of one tenant or of all, newest first."""
        return self._pages("/v1/admin/keys", limit, tenant_id=tenant_id)

    def create_key(self, wanted: Mapping[str, Any]) -> NewKey:
        """Make one; its secret is told only now."""
        return cast(NewKey, self._json("POST", "/v1/admin/keys", body=dict(wanted)))

    def rotate_key(self, key_id: str, wanted: Mapping[str, Any]) -> NewKey:
        """Make one in place of another."""
        return cast(NewKey, self._json("POST", f"/v1/admin/keys/{key_id}/rotate", body=dict(wanted)))

    def revoke_key(self, key_id: str) -> Key:
        """End one now."""
        return cast(Key, self._json("POST", f"/v1/admin/keys/{key_id}/revoke"))

    def service_limits(self) -> Limits:
        """What holds where nothing else is said."""
        return cast(Limits, self._json("GET", "/v1/admin/limits"))

    def limits(self, whose: str) -> LimitsShown:
        """Limits of `tenants/ten_…` or `keys/key_…`."""
        return cast(LimitsShown, self._json("GET", f"/v1/admin/limits/{whose}"))

    def set_limits(self, whose: str, said: Mapping[str, Any]) -> LimitsShown:
        """Say them anew, all at once."""
        return cast(LimitsShown, self._json("PUT", f"/v1/admin/limits/{whose}", body=dict(said)))

    def audit(self, limit: int | None = None) -> Iterator[Act]:
        """What admins did, newest first."""
        return self._pages("/v1/admin/audit", limit)


def _refused(answer: httpx.Response, url: str) -> Refused | Unreachable:
    retry = answer.headers.get("retry-after", "")
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        with contextlib.suppress(ValueError):
            problem = answer.json()
            if isinstance(problem, dict):
                return Refused(answer.status_code, problem, int(retry) if retry.isdecimal() else None)
    return Unreachable(f"What answers at {url} is not this service, or stands before it: it said {answer.status_code}.")
