"""What admins do is done and written down, both or neither."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from houses import House
from services import problem_of

from core.access import audit, keys, tenants
from core.access.audit import Actor
from core.access.principal import NOBODY, Scope
from core.access.tenants import TenantChange
from core.database.pool import Pool
from core.ids import Prefix, decode
from core.tenants import DEFAULT_TENANT


async def acts(house: House, target: str) -> list[dict[str, Any]]:
    """What was done to it, oldest first."""
    found = (await house.as_admin("GET", "/audit?limit=200", 200))["items"]
    return [act for act in reversed(found) if act["target"] == target]


async def test_a_tenant_is_made_looked_up_and_changed(house: House) -> None:
    made = await house.tenant(weight=3)
    assert (made["weight"], made["suspended"]) == (3, False)
    path = f"/tenants/{made['id']}"
    assert await house.as_admin("GET", path, 200) == made
    renamed = await house.as_admin("PATCH", path, 200, {"name": made["name"] + "!"})
    assert renamed == made | {"name": made["name"] + "!"}
    assert (await house.as_admin("PATCH", path, 200, {"weight": 2}))["weight"] == 2
    assert (await house.as_admin("PATCH", path, 200, {}))["weight"] == 2
    assert made["id"] in [one["id"] for one in (await house.as_admin("GET", "/tenants?limit=200", 200))["items"]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " a"},
        {"name": "a\x00"},
        {"name": "n" * 201},
        {"name": 1},
        {"name": "a", "weight": 0},
        {"name": "a", "weight": 10**9},
        {"name": "a", "colour": "red"},
    ],
)
async def test_a_tenant_with_nonsense(body: Any, house: House) -> None:
    await house.as_admin("POST", "/tenants", 422, body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "expires_in_s": 0},
        {"name": "a", "expires_in_s": 10**12},
        {"name": "a", "tenant_id": "mine"},
        {"name": "a", "tenant_id": "key_01jd0000000000000000000000"},
        {"name": "a", "secret": "aci_" + "0" * 48},
    ],
)
async def test_a_key_with_nonsense(body: Any, house: House) -> None:
    await house.as_admin("POST", "/keys", 422, body)


async def test_what_is_not_there(house: House) -> None:
    nobody, nothing = "ten_01jd0000000000000000000000", "key_01jd0000000000000000000000"
    await house.as_admin("GET", f"/tenants/{nobody}", 404)
    await house.as_admin("PATCH", f"/tenants/{nobody}", 404, {"weight": 2})
    await house.as_admin("POST", "/keys", 404, {"name": "a", "tenant_id": nobody})
    for method, path in (("GET", ""), ("POST", "/rotate"), ("POST", "/revoke")):
        await house.as_admin(method, f"/keys/{nothing}{path}", 404)


async def test_one_name_is_one_tenants(house: House) -> None:
    one, other = await house.tenant(), await house.tenant()
    await house.as_admin("POST", "/tenants", 409, {"name": one["name"]})
    await house.as_admin("PATCH", f"/tenants/{other['id']}", 409, {"name": one["name"]})


async def test_a_tenant_is_made_once_for_one_idempotency_key(house: House) -> None:
    async with house.visitor(house.admin_key, **{"Idempotency-Key": "make it"}) as admin:
        first = await admin.post("/v1/admin/tenants", json={"name": "once"})
        again = await admin.post("/v1/admin/tenants", json={"name": "once"})
        other = await admin.post("/v1/admin/tenants", json={"name": "twice"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await acts(house, first.json()["id"])) == 1


async def test_keys_are_listed_by_tenant_and_page_by_page(house: House) -> None:
    tenant = await house.tenant()
    made = [(await house.key(tenant_id=tenant["id"]))["id"] for _ in range(3)]
    first = await house.as_admin("GET", f"/keys?tenant_id={tenant['id']}&limit=2", 200)
    rest = await house.as_admin("GET", f"/keys?tenant_id={tenant['id']}&cursor={first['next_cursor']}", 200)
    assert [key["id"] for key in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert not [key for key in first["items"] + rest["items"] if "secret" in key]


async def test_a_suspended_tenant_is_let_in_nowhere_and_comes_back_as_it_was(house: House) -> None:
    tenant = await house.tenant()
    key = await house.key(tenant_id=tenant["id"], scopes=["user", "admin"])
    path = f"/tenants/{tenant['id']}"
    async with house.page(key["secret"]) as (browser, _), house.visitor(key["secret"]) as program:
        assert (await house.as_admin("PATCH", path, 200, {"suspended": True}))["suspended"] is True
        for visitor in (browser, program):
            for asked in ("/v1/me", "/v1/jobs", "/v1/admin/keys"):
                answer = await visitor.get(asked)
                assert answer.status_code == 403, asked
                assert problem_of(answer)["type"] == "/problems/tenant-suspended"
        signing_in = await program.post("/v1/sign-in", json={"credential": key["secret"]})
        assert signing_in.status_code == 403
        await house.as_admin("PATCH", path, 200, {"suspended": False})
        for visitor in (browser, program):
            assert (await visitor.get("/v1/jobs")).status_code == 200


async def test_an_admin_does_not_lock_itself_out(house: House) -> None:
    async with house.visitor(house.admin_key) as admin:
        own = (await admin.get("/v1/me")).json()["tenant"]["id"]
    await house.as_admin("PATCH", f"/tenants/{own}", 409, {"suspended": True})


async def test_every_act_is_written_down_with_who_and_where(house: House) -> None:
    async with house.visitor(house.admin_key) as admin:
        made = await admin.post("/v1/admin/tenants", json={"name": "watched"})
        tenant = made.json()["id"]
        await admin.patch(f"/v1/admin/tenants/{tenant}", json={"weight": 2, "suspended": True})
        key = (await admin.post("/v1/admin/keys", json={"name": "k", "tenant_id": tenant})).json()
        newer = (await admin.post(f"/v1/admin/keys/{key['id']}/rotate", json={"grace_s": 5})).json()
        await admin.post(f"/v1/admin/keys/{newer['id']}/revoke")
        await admin.post(f"/v1/admin/keys/{newer['id']}/revoke")
        me = (await admin.get("/v1/me")).json()
    [created, changed] = await acts(house, tenant)
    assert (created["action"], created["subject"], created["tenant_id"]) == (
        "tenant.create",
        me["subject"],
        me["tenant"]["id"],
    )
    assert created["request_id"] == made.headers["x-request-id"]
    assert (changed["action"], changed["detail"]) == ("tenant.change", {"weight": 2, "suspended": True})
    assert [act["action"] for act in await acts(house, key["id"])] == ["key.create"]
    of_newer = await acts(house, newer["id"])
    assert [act["action"] for act in of_newer] == ["key.rotate", "key.revoke"], "and what changes nothing is no act"
    assert of_newer[0]["detail"]["rotated_from"] == key["id"]


async def test_what_only_looks_is_no_act(house: House, pool: Pool) -> None:
    before = await pool.fetchval("SELECT count(*) FROM audit_log")
    for path in ("/tenants", "/keys", "/audit"):
        await house.as_admin("GET", path, 200)
    await house.as_admin("POST", "/tenants", 422, {})
    assert await pool.fetchval("SELECT count(*) FROM audit_log") == before


@pytest.mark.parametrize("what", ["create tenant", "change tenant", "create key", "rotate key", "revoke key"])
async def test_an_act_that_can_not_be_written_down_is_not_done(what: str, house: House, pool: Pool) -> None:
    tenant = await house.tenant()
    key = await house.key(tenant_id=tenant["id"])
    key_id, tenant_id = decode(Prefix.KEY, key["id"]), decode(Prefix.TENANT, tenant["id"])
    everything = (
        "SELECT (SELECT jsonb_agg(t ORDER BY id) FROM tenants t), (SELECT jsonb_agg(k ORDER BY id) FROM api_keys k)"
    )
    before = await pool.fetchrow(everything)
    unwritable = Actor(NOBODY, "a request with NUL \x00")
    do = {
        "create tenant": lambda c: tenants.create(c, unwritable, "never"),
        "change tenant": lambda c: tenants.change(
            c, unwritable, tenant_id, TenantChange(frozenset({"weight"}), weight=9)
        ),
        "create key": lambda c: keys.create(c, unwritable, tenant_id, "never", frozenset({Scope.USER})),
        "rotate key": lambda c: keys.rotate(c, unwritable, key_id, keys.USE_NOTED_EVERY, None),
        "revoke key": lambda c: keys.revoke(c, unwritable, key_id),
    }[what]
    with pytest.raises(asyncpg.PostgresError):
        async with pool.acquire() as connection, connection.transaction():
            await do(connection)
    assert await pool.fetchrow(everything) == before


async def test_the_log_pages_from_the_newest(house: House, pool: Pool) -> None:
    for _ in range(3):
        await house.tenant()
    first = await house.as_admin("GET", "/audit?limit=2", 200)
    rest = await house.as_admin("GET", f"/audit?limit=200&cursor={first['next_cursor']}", 200)
    ids = [act["id"] for act in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == len(set(ids)) == await pool.fetchval("SELECT count(*) FROM audit_log")
    assert await audit.page(pool, 1, None)


async def test_two_who_change_one_tenant_at_once_are_both_written_down(house: House) -> None:
    tenant = await house.tenant()
    path = f"/tenants/{tenant['id']}"
    await asyncio.gather(*(house.as_admin("PATCH", path, 200, {"weight": weight}) for weight in range(1, 11)))
    changes = [act["detail"]["weight"] for act in await acts(house, tenant["id"]) if act["action"] == "tenant.change"]
    assert sorted(changes) == list(range(1, 11))


async def test_the_first_tenant_is_there(house: House) -> None:
    async with house.visitor(house.admin_key) as admin:
        assert decode(Prefix.TENANT, (await admin.get("/v1/me")).json()["tenant"]["id"]) == DEFAULT_TENANT
