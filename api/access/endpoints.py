"""`/v1/sign-in` trades a key or a token for a cookie that the page's scripts can't read; `/v1/me` says who asks."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from api.access import cookies
from api.access.gate import Gate
from api.access.schemas import Me, SignInRequest
from api.dependencies import PrincipalDep, Services, ServicesDep
from api.routing import resource
from core.access import keys, tenants
from core.access.principal import NOBODY, Principal
from core.errors import InsecureSignIn
from core.ids import Prefix, encode
from core.limits.repository import stored_bytes
from core.usage import repository as usage

router = resource("/v1", "access")


@router.post("/sign-in", response_model=Me)
async def sign_in(wanted: SignInRequest, request: Request, response: Response, services: ServicesDep) -> Any:
    """Set the cookie. Where nobody is asked there is none, and it answers the same."""
    gate: Gate | None = request.app.state.gate
    if gate is None:
        return await _me(services, NOBODY, None)
    if not cookies.may_sign_in(request):
        raise InsecureSignIn
    known = await gate.identify(wanted.credential.get_secret_value().strip(), request)
    if (before := cookies.held(request)) is not None:
        await gate.sign_out(before)
    begun = await gate.sign_in(known)
    cookies.give(request, response, begun.secret, begun.lasts_s)
    response.headers["Cache-Control"] = "no-store"
    return await _me(services, known.principal, begun.secret)


@router.post("/sign-out", status_code=204)
async def sign_out(request: Request, response: Response) -> None:
    """End the page's sign-in, everywhere, and take the cookie back."""
    gate: Gate | None = request.app.state.gate
    if gate is None:
        return
    if (secret := cookies.held(request)) is not None:
        await gate.sign_out(secret)
    cookies.take_back(request, response)


@router.get("/me", response_model=Me)
async def me(request: Request, response: Response, services: ServicesDep, principal: PrincipalDep) -> Any:
    """Who asks, and what they may do."""
    response.headers["Cache-Control"] = "no-store"
    by_cookie = services.settings.auth == "keys" and "authorization" not in request.headers
    return await _me(services, principal, cookies.held(request) if by_cookie else None)


async def _me(services: Services, principal: Principal, cookie: str | None) -> dict[str, Any]:
    tenant = await tenants.get(services.pool, principal.tenant_id)
    allowance = await services.limits.of(principal.tenant_id, principal.key_id)
    used, _ = await usage.today(services.pool, principal.tenant_id, principal.key_id)
    key = None if principal.key_id is None else (await keys.get(services.pool, principal.key_id)).view()
    return {
        "auth": services.settings.auth,
        "tenant": {"id": encode(Prefix.TENANT, tenant.id), "name": tenant.name},
        "subject": principal.subject,
        "scopes": sorted(principal.scopes),
        "key": key and {name: key[name] for name in ("id", "name", "hint", "expires_at")},
        "csrf_token": cookie and cookies.csrf_token(cookie),
        "limits": allowance.effective,
        "used": {
            "tokens_today": used.tokens,
            "cost_today_usd": float(used.cost_usd),
            "storage_bytes": await stored_bytes(services.pool, principal.tenant_id),
        },
    }
