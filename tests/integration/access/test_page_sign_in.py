"""The page's cookie: no script reads it, no other page uses it, and it ends when it should."""

from __future__ import annotations

from typing import Any

import pytest
from houses import ORIGIN, House
from services import problem_of

from api.access import cookies
from core.access import sign_ins, tokens
from core.access.tokens import Kind
from core.database.pool import Pool

CSRF = "X-CSRF-Token"
EVIL = "https://evil.example"


async def test_scripts_can_not_read_it_and_other_sites_do_not_send_it(house: House) -> None:
    async with house.visitor() as browser:
        answer = await browser.post("/v1/sign-in", json={"credential": f" {house.admin_key}\n"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{cookies.PLAIN_NAME}=acs_")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert "secure" not in attributes, "on loopback there is no TLS, and browsers would drop it"
    assert not [part for part in attributes if part.startswith("domain")]
    assert house.admin_key not in cookie + answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://localhost", {}),
        (ORIGIN, {"X-Forwarded-Proto": "https"}),
        (ORIGIN, {"X-Forwarded-Proto": "http, https"}),
    ],
)
async def test_over_tls_it_is_bound_to_tls_and_to_the_host(url: str, headers: dict[str, str], house: House) -> None:
    async with house.visitor(url=url, **headers) as browser:
        answer = await browser.post("/v1/sign-in", json={"credential": house.admin_key})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{cookies.SECURE_NAME}=")
        assert "secure" in cookie.lower()
        held = cookie.partition(";")[0]
        assert (await browser.get("/v1/me", headers={"Cookie": held})).status_code == 200
        # A sibling host can set a cookie of the plain name for us; over TLS it is not looked at.
        planted = held.replace(cookies.SECURE_NAME, cookies.PLAIN_NAME)
        browser.cookies.clear()
        assert (await browser.get("/v1/me", headers={"Cookie": planted})).status_code == 401


async def test_in_the_clear_there_is_none_beyond_this_machine(open_house: Any) -> None:
    house = await open_house(allowed_hosts="service.example")
    async with house.visitor(url="http://service.example") as browser:
        answer = await browser.post("/v1/sign-in", json={"credential": house.admin_key})
        assert answer.status_code == 403
        assert problem_of(answer)["type"] == "/problems/insecure-sign-in"
        assert "set-cookie" not in answer.headers
    async with house.page(house.admin_key, "https://service.example") as (browser, _):
        assert (await browser.get("/v1/me")).status_code == 200
        held = {"Cookie": f"{cookies.PLAIN_NAME}={browser.cookies[cookies.SECURE_NAME]}"}
    async with house.visitor(url="http://service.example") as browser:
        assert (await browser.get("/v1/me", headers=held)).status_code == 401


async def test_it_opens_what_the_key_opens(house: House) -> None:
    made = await house.key(scopes=["user"])
    async with house.page(made["secret"]) as (browser, token):
        me = (await browser.get("/v1/me")).json()
        assert (me["subject"], me["scopes"], me["csrf_token"]) == (f"key {made['hint']}", ["user"], token)
        assert (await browser.get("/v1/admin/keys")).status_code == 403
        assert (await browser.post("/v1/sessions", json={}, headers={CSRF: token})).status_code == 201


async def refused_without_token(browser: Any, headers: dict[str, str]) -> None:
    for method, path in (("POST", "/v1/sessions"), ("POST", "/v1/sign-out"), ("POST", "/v1/admin/keys")):
        answer = await browser.request(method, path, json={}, headers=headers)
        assert answer.status_code == 403, (method, path)
        assert problem_of(answer)["type"] == "/problems/csrf-token-wrong"


async def test_nothing_is_changed_without_the_pages_token(house: House) -> None:
    async with house.page(house.admin_key) as (browser, token):
        for wrong in ("", "x", token[:-1], token + "0", token.upper(), browser.cookies["aci_session"], "ä"):
            await refused_without_token(browser, {CSRF: wrong.encode("utf-8")})  # type: ignore[dict-item]
        await refused_without_token(browser, {})
        for uploading in (browser.put, browser.delete):
            answer = await uploading("/v1/sessions/ses_01jd0000000000000000000000/files/x")
            assert problem_of(answer)["type"] == "/problems/csrf-token-wrong"


async def test_the_token_of_another_sign_in_is_of_no_use(house: House) -> None:
    async with house.page(house.admin_key) as (one, first), house.page(house.admin_key) as (other, second):
        assert first != second
        await refused_without_token(one, {CSRF: second})
        await refused_without_token(other, {CSRF: first})


async def test_a_token_can_not_be_replayed_after_signing_out_and_in_again(house: House) -> None:
    async with house.page(house.admin_key) as (browser, token):
        before = browser.cookies["aci_session"]
        assert (await browser.post("/v1/sign-out", headers={CSRF: token})).status_code == 204
        answer = await browser.post("/v1/sign-in", json={"credential": house.admin_key})
        assert answer.json()["csrf_token"] != token
        await refused_without_token(browser, {CSRF: token})
        browser.cookies.clear()
        both = {CSRF: token, "Cookie": f"aci_session={before}"}
        assert (await browser.post("/v1/sessions", json={}, headers=both)).status_code == 401


async def test_signing_out_ends_it_in_every_process(house: House, open_house: Any, pool: Pool) -> None:
    async with house.page(house.admin_key) as (browser, token):
        held = {"Cookie": f"aci_session={browser.cookies['aci_session']}"}
        answer = await browser.post("/v1/sign-out", headers={CSRF: token})
        assert 'aci_session=""' in answer.headers["set-cookie"]
    assert not await pool.fetchval(
        "SELECT count(*) FROM sign_ins WHERE sha256 = $1", tokens.digest(held["Cookie"].partition("=")[2])
    )
    for one in (house, await open_house()):
        async with one.visitor() as browser:
            assert (await browser.get("/v1/me", headers=held)).status_code == 401


async def test_signing_in_again_ends_the_one_before(house: House) -> None:
    async with house.page(house.admin_key) as (browser, _):
        before = browser.cookies["aci_session"]
        assert (await browser.post("/v1/sign-in", json={"credential": house.admin_key})).status_code == 200
        assert browser.cookies["aci_session"] != before
        browser.cookies.clear()
        assert (await browser.get("/v1/me", headers={"Cookie": f"aci_session={before}"})).status_code == 401


async def test_the_header_is_what_counts(house: House) -> None:
    user = await house.key(scopes=["user"])
    async with house.page(house.admin_key) as (browser, _):
        wrong = {"Authorization": f"Bearer {tokens.draw(Kind.KEY)}"}
        assert (await browser.get("/v1/me", headers=wrong)).status_code == 401, "a good cookie beside it does not help"
        right = {"Authorization": f"Bearer {user['secret']}"}
        me = (await browser.get("/v1/me", headers=right)).json()
        assert (me["subject"], me["csrf_token"]) == (f"key {user['hint']}", None)
        assert (await browser.get("/v1/admin/keys", headers=right)).status_code == 403, "nor does it lend its scopes"
        assert (await browser.post("/v1/sessions", json={}, headers=right)).status_code == 201, (
            "no page forges a header"
        )


async def test_it_ends_with_its_key(house: House) -> None:
    made = await house.key()
    async with house.page(made["secret"]) as (browser, _):
        assert (await browser.get("/v1/agents")).status_code == 200
        await house.as_admin("POST", f"/keys/{made['id']}/revoke", 200)
        assert (await browser.get("/v1/agents")).status_code == 401


async def test_it_ends_when_its_key_was_rotated_and_the_grace_is_over(house: House) -> None:
    made = await house.key()
    async with house.page(made["secret"]) as (browser, _):
        await house.as_admin("POST", f"/keys/{made['id']}/rotate", 201, {"grace_s": 0})
        assert (await browser.get("/v1/agents")).status_code == 401


async def test_it_lasts_half_a_day_and_no_longer_than_its_key(house: House, pool: Pool) -> None:
    lasting, short = await house.key(), await house.key(expires_in_s=600)
    ends = "SELECT expires_at - created_at FROM sign_ins WHERE key_id = (SELECT id FROM api_keys WHERE hint = $1)"
    async with house.page(lasting["secret"]), house.page(short["secret"]):
        assert await pool.fetchval(ends, lasting["hint"]) == sign_ins.LASTS
        assert (await pool.fetchval(ends, short["hint"])).total_seconds() <= 600


async def test_one_whose_time_has_passed_is_refused_and_removed(house: House, pool: Pool) -> None:
    made = await house.key()
    async with house.page(made["secret"]) as (browser, _):
        of_key = "(SELECT id FROM api_keys WHERE hint = $1)"
        await pool.execute(f"UPDATE sign_ins SET expires_at = now() WHERE key_id = {of_key}", made["hint"])
        house.app.state.gate.forget_all()
        assert (await browser.get("/v1/me")).status_code == 401
        await sign_ins.forget_old(pool)
        assert not await pool.fetchval(f"SELECT count(*) FROM sign_ins WHERE key_id = {of_key}", made["hint"])


NO_COOKIES = {
    "nothing": "",
    "a letter": "x",
    "a prefix": "acs_",
    "the form alone": "acs_" + "0" * 48,
    "one that nobody was given": tokens.draw(Kind.SIGN_IN),
    "a key": tokens.draw(Kind.KEY),
}


@pytest.mark.parametrize("value", NO_COOKIES.values(), ids=NO_COOKIES)
async def test_a_cookie_of_nobody(value: str, house: House) -> None:
    async with house.visitor() as browser:
        answer = await browser.get("/v1/me", headers={"Cookie": f"aci_session={value}"})
    assert answer.status_code == 401
    problem_of(answer)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_page_can_not_even_read_with_it(site: str, house: House) -> None:
    """Another port of this machine is the same site to a browser, and sends the cookie along."""
    async with house.page(house.admin_key) as (browser, token):
        for path in ("/v1/me", "/v1/jobs/job_01jd0000000000000000000000/events"):
            answer = await browser.get(path, headers={"Sec-Fetch-Site": site})
            assert answer.status_code == 403, path
            assert problem_of(answer)["type"] == "/problems/origin-not-allowed"
        for headers in ({"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": site}):
            stolen = headers | {CSRF: token}
            assert (await browser.post("/v1/sessions", json={}, headers=stolen)).status_code == 403
        for own in ("same-origin", "none"):
            assert (await browser.get("/v1/me", headers={"Sec-Fetch-Site": own})).status_code == 200


async def test_a_foreign_page_can_not_sign_a_user_in_as_somebody_else(house: House) -> None:
    async with house.visitor(Origin=EVIL) as browser:
        answer = await browser.post("/v1/sign-in", json={"credential": house.admin_key})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "body", [{}, {"credential": None}, {"credential": ["x"]}, {"key": "x"}, {"credential": "x" * 9000}]
)
async def test_signing_in_with_nonsense(body: Any, house: House) -> None:
    async with house.visitor() as browser:
        answer = await browser.post("/v1/sign-in", json=body)
    assert answer.status_code == 422
    problem_of(answer)
