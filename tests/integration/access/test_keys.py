"""API keys: told once, good for what they are for, and of no use a moment after they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from houses import House, OpenHouse
from services import problem_of

from api.access import lookup
from core.access import credentials, keys, tokens
from core.access.tokens import Kind
from core.database.pool import Pool


async def asked(house: House, key: str | None, **headers: str) -> httpx.Response:
    async with house.visitor(key, **headers) as visitor:
        return await visitor.get("/v1/me")


async def test_a_key_is_told_once_and_kept_nowhere(house: House, pool: Pool) -> None:
    made = await house.key(name="told once")
    assert tokens.well_formed(Kind.KEY, made["secret"])
    kept = await house.as_admin("GET", f"/keys/{made['id']}", 200)
    assert kept == {name: value for name, value in made.items() if name != "secret"}
    rows = await pool.fetch("SELECT to_jsonb(api_keys)::text AS row FROM api_keys")
    rows += await pool.fetch("SELECT to_jsonb(audit_log)::text AS row FROM audit_log")
    assert not [row["row"] for row in rows if made["secret"] in row["row"] or made["secret"][12:] in row["row"]]


async def test_a_key_says_whose_it_is(house: House) -> None:
    tenant = await house.tenant()
    made = await house.key(tenant_id=tenant["id"], name="mine", expires_in_s=3600)
    me = (await asked(house, made["secret"])).json()
    assert me["tenant"] == {"id": tenant["id"], "name": tenant["name"]}
    assert me["subject"] == f"key {made['hint']}"
    assert me["scopes"] == ["user"]
    assert me["key"] == {name: made[name] for name in ("id", "name", "hint", "expires_at")}
    assert me["csrf_token"] is None


async def revoked(house: House, pool: Pool) -> str:
    made = await house.key()
    assert (await asked(house, made["secret"])).status_code == 200
    await house.as_admin("POST", f"/keys/{made['id']}/revoke", 200)
    return str(made["secret"])


async def expired(house: House, pool: Pool) -> str:
    made = await house.key(expires_in_s=3600)
    await pool.execute("UPDATE api_keys SET expires_at = now() WHERE hint = $1", made["hint"])
    return str(made["secret"])


async def unknown(house: House, pool: Pool) -> str:
    return tokens.draw(Kind.KEY)


async def malformed(house: House, pool: Pool) -> str:
    return tokens.draw(Kind.KEY)[:-1] + "x"


async def a_cookie(house: House, pool: Pool) -> str:
    async with house.page(house.admin_key) as (browser, _):
        assert (await browser.get("/v1/me")).status_code == 200  # so that it is remembered
        return browser.cookies["aci_session"]


BAD_KEYS = [revoked, expired, unknown, malformed, a_cookie]


@pytest.mark.parametrize("make", BAD_KEYS, ids=lambda make: make.__name__)
async def test_what_is_no_good_key_is_refused_as_every_other(
    make: Callable[[House, Pool], Awaitable[str]], house: House, pool: Pool
) -> None:
    def even(answer: httpx.Response) -> Any:
        problem = problem_of(answer)
        return answer.status_code, answer.headers["www-authenticate"], problem | {"request_id": ""}

    key = await make(house, pool)
    assert even(await asked(house, key)) == even(await asked(house, tokens.draw(Kind.KEY)))
    async with house.visitor() as visitor:
        signing_in = await visitor.post("/v1/sign-in", json={"credential": key})
    assert signing_in.status_code == 401
    assert "set-cookie" not in signing_in.headers
    assert key not in signing_in.text


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "bearer  ", "Basic {key}", "{key}", "Bearer {key} {key}", "Bearer {key},", "Token {key}"],
)
async def test_a_header_that_is_no_bearer_token(header: str, house: House) -> None:
    answer = await asked(house, None, Authorization=header.format(key=house.admin_key))
    assert answer.status_code == 401
    problem_of(answer)


async def test_two_headers_are_none(house: House) -> None:
    async with house.visitor() as visitor:
        twice = [("Authorization", f"Bearer {house.admin_key}"), ("Authorization", f"Bearer {house.admin_key}")]
        assert (await visitor.get("/v1/me", headers=twice)).status_code == 401


async def test_the_new_key_is_good_at_once_and_the_old_one_until_the_grace_is_over(house: House, pool: Pool) -> None:
    old = await house.key(name="rotated", scopes=["admin", "user"], expires_in_s=1000)
    new = await house.as_admin("POST", f"/keys/{old['id']}/rotate", 201, {"grace_s": 60})
    assert new["rotated_from"] == old["id"]
    assert (new["name"], new["scopes"], new["tenant_id"]) == (old["name"], old["scopes"], old["tenant_id"])
    assert new["expires_at"] is not None, "one that was to end must not be followed by one that never does"
    assert (await asked(house, old["secret"])).status_code == 200
    assert (await asked(house, new["secret"])).status_code == 200
    left = await pool.fetchval("SELECT expires_at - created_at FROM api_keys WHERE hint = $1", old["hint"])
    assert 60 <= left.total_seconds() < 1000


async def test_without_a_grace_the_old_key_ends_with_its_rotation(house: House) -> None:
    old = await house.key()
    assert (await asked(house, old["secret"])).status_code == 200
    await house.as_admin("POST", f"/keys/{old['id']}/rotate", 201, {"grace_s": 0})
    assert (await asked(house, old["secret"])).status_code == 401


async def test_a_grace_lets_no_key_live_longer(house: House) -> None:
    old = await house.key(expires_in_s=60)
    await house.as_admin("POST", f"/keys/{old['id']}/rotate", 201, {"grace_s": 3600})
    assert (await house.as_admin("GET", f"/keys/{old['id']}", 200))["expires_at"] == old["expires_at"]


async def test_a_key_that_ended_can_not_be_rotated(house: House) -> None:
    old = await house.key()
    await house.as_admin("POST", f"/keys/{old['id']}/revoke", 200)
    await house.as_admin("POST", f"/keys/{old['id']}/rotate", 409)


async def test_revoking_twice_is_revoking_once(house: House) -> None:
    made = await house.key()
    first = await house.as_admin("POST", f"/keys/{made['id']}/revoke", 200)
    assert await house.as_admin("POST", f"/keys/{made['id']}/revoke", 200) == first


async def test_two_processes_may_remember_a_revoked_key_only_so_long(
    house: House, open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = await house.key(), await open_house()
    assert (await asked(other, made["secret"])).status_code == 200
    await house.as_admin("POST", f"/keys/{made['id']}/revoke", 200)
    assert (await asked(house, made["secret"])).status_code == 401, "where it was revoked it counts at once"
    assert lookup.FRESH_S <= 10
    later = time.monotonic() + lookup.FRESH_S
    monkeypatch.setattr("api.access.remembered.monotonic", lambda: later)
    assert (await asked(other, made["secret"])).status_code == 401


async def test_the_last_use_is_written_once_for_many(house: House, pool: Pool) -> None:
    made = await house.key()
    key_id = await pool.fetchval("SELECT id FROM api_keys WHERE hint = $1", made["hint"])
    for _ in range(5):
        assert (await asked(house, made["secret"])).status_code == 200
    used = house.app.state.gate._lookup
    await used._note_use()
    first = await house.as_admin("GET", f"/keys/{made['id']}", 200)
    assert first["last_used_at"] is not None
    assert (await asked(house, made["secret"])).status_code == 200
    await used._note_use()
    assert await house.as_admin("GET", f"/keys/{made['id']}", 200) == first, "no row is written more than once a minute"
    await pool.execute("UPDATE api_keys SET last_used_at = now() - interval '2 minutes' WHERE id = $1", key_id)
    await keys.note_use(pool, [key_id])
    assert (await house.as_admin("GET", f"/keys/{made['id']}", 200))["last_used_at"] > first["created_at"]


async def test_a_key_that_was_refused_was_not_used(house: House, pool: Pool) -> None:
    key = await revoked(house, pool)
    await pool.execute("UPDATE api_keys SET last_used_at = NULL WHERE hint = $1", tokens.hint(key))
    assert (await asked(house, key)).status_code == 401
    house.app.state.gate._lookup._used.clear()
    assert (await asked(house, key)).status_code == 401
    assert not house.app.state.gate._lookup._used


# --- a thousand wrong ones --------------------------------------------------------------------------------


def lookups(statements: list[str]) -> int:
    return sum(statement == credentials._FIND for statement in statements)


async def all_refused(house: House, wrong: list[str]) -> None:
    async with house.visitor() as visitor:
        at_once = asyncio.Semaphore(100)

        async def one(key: str) -> httpx.Response:
            async with at_once:
                return await visitor.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"})

        answers = await asyncio.gather(*(one(key) for key in wrong))
    assert {answer.status_code for answer in answers} == {401}
    assert len({problem_of(answer)["detail"] for answer in answers}) == 1


async def test_a_thousand_wrong_keys_share_few_queries_and_few_lines(
    open_house: OpenHouse, statements: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    house = await open_house()
    wrong = [tokens.draw(Kind.KEY) for _ in range(1000)]
    await all_refused(house, wrong)
    assert 0 < lookups(statements) <= 50
    before = lookups(statements)
    await all_refused(house, wrong[:1] * 1000)
    assert lookups(statements) - before <= 3, "what is known to be none is asked for no more"
    assert (await asked(house, house.admin_key)).status_code == 200, "and others come in meanwhile"
    told = [record.getMessage() for record in caplog.records if "Refused credentials" in record.getMessage()]
    assert 1 <= len(told) <= 10
    assert not [key for key in wrong for line in told if tokens.hint(key)[4:] in line]


async def test_lookups_come_no_closer_than_they_may(
    open_house: OpenHouse, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await open_house()
    monkeypatch.setattr(lookup, "APART_S", 3600.0)
    assert (await asked(house, tokens.draw(Kind.KEY))).status_code == 401
    second = asyncio.create_task(asked(house, tokens.draw(Kind.KEY)))
    done, _ = await asyncio.wait({second}, timeout=0.3)
    assert not done, "it waits for the next query, which is an hour away"
    assert lookups(statements) == 1
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


async def test_a_thousand_malformed_keys_cost_no_query(open_house: OpenHouse, statements: list[str]) -> None:
    house = await open_house()
    await all_refused(house, [tokens.draw(Kind.KEY)[:-1] for _ in range(1000)])
    assert lookups(statements) == 0


async def test_a_good_key_costs_one_query_in_its_time(open_house: OpenHouse, statements: list[str]) -> None:
    house = await open_house()
    async with house.visitor(house.admin_key) as admin:
        answers = await asyncio.gather(*(admin.get("/v1/agents") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert lookups(statements) == 1


async def test_wrong_keys_push_no_good_one_out(open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MOST", 10)
    house = await open_house()
    assert (await asked(house, house.admin_key)).status_code == 200
    await all_refused(house, [tokens.draw(Kind.KEY) for _ in range(100)])
    inside = house.app.state.gate._lookup
    assert inside._known.get(tokens.digest(house.admin_key)) is not None
    assert len(inside._unknown) <= 10
