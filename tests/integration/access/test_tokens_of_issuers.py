"""Tokens of OpenID Connect issuers: of a real one, and of one that signs whatever a test wants."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from doubles.issuer import AUDIENCE, Issuer, Signer, answer
from houses import House, OpenHouse
from hypothesis import given, settings
from hypothesis import strategies as st
from services import PLAIN, problem_of

from api.access.oidc import issuer_keys
from api.access.oidc.bearer_tokens import BearerTokens, Rejected
from core.access.issuer import OidcIssuer
from core.database.pool import Pool
from embedded.children import Server, bare_environment, pause_between_looks
from embedded.ports import free_port

PATIENCE_S = 60.0


async def asked(house: House, token: str, path: str = "/v1/me") -> httpx.Response:
    async with house.visitor(token) as visitor:
        return await visitor.get(path)


# --- a real provider --------------------------------------------------------------------------------------


class Provider(Server):
    """The provider of the package oidc-provider-mock, as a process: discovery, code flow, ID tokens, its own keys."""

    name = "OpenID provider"

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(self.port)]
        self._spawn(words, bare_environment(), {})
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            try:
                if httpx.get(f"{self.url}/jwks", **PLAIN).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.running, self.log.read_text()
                assert time.monotonic() < give_up_at, self.log.read_text()
            pause_between_looks()

    def user(self, sub: str, **claims: Any) -> None:
        """Make a user with these claims."""
        httpx.put(f"{self.url}/users/{sub}", json=claims, **PLAIN).raise_for_status()

    def id_token(self, sub: str, client_id: str) -> str:
        """What a user's sign-in at that client comes to, by the code flow (OpenID Connect Core 1.0, 3.1)."""
        back = "https://client.example/back"
        with httpx.Client(base_url=self.url, **PLAIN) as browser:
            asked_for = {"client_id": client_id, "redirect_uri": back, "response_type": "code", "scope": "openid"}
            sent_back = browser.post("/oauth2/authorize", params=asked_for, data={"sub": sub})
            code = parse_qs(urlsplit(sent_back.headers["location"]).query)["code"][0]
            traded = browser.post(
                "/oauth2/token",
                data={"grant_type": "authorization_code", "code": code, "redirect_uri": back},
                auth=(client_id, "a secret"),
            )
        token: str = traded.raise_for_status().json()["id_token"]
        return token


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    started = Provider(tmp_path_factory.mktemp("provider") / "provider.log")
    started.start()
    yield started
    started.stop()


def settings_for(url: str, **changed: Any) -> OidcIssuer:
    return OidcIssuer(**{"issuer": url, "audiences": (AUDIENCE,), "tenant_claim": "org", **changed})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trusting(provider: Provider, open_house: OpenHouse) -> House:
    """A service that trusts the provider, and makes the tenants that it names."""
    return await open_house(
        oidc_issuers=(settings_for(provider.url, scope_claim="groups", create_tenants=True, tenant_prefix="corp/"),)
    )


async def test_a_user_of_a_real_provider_comes_in(provider: Provider, trusting: House) -> None:
    provider.user("ada", org="engines", groups=["aci:user", "others"])
    answer = await asked(trusting, provider.id_token("ada", AUDIENCE))
    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert me["tenant"]["name"] == "corp/engines"
    assert me["subject"] == f"oidc {provider.url} ada"
    assert (me["scopes"], me["key"]) == (["user"], None)
    made = [act for act in (await trusting.as_admin("GET", "/audit", 200))["items"] if act["action"] == "tenant.create"]
    assert (made[0]["subject"], made[0]["detail"]) == (me["subject"], {"name": "corp/engines"})


async def test_users_of_one_tenant_share_it_and_scopes_are_each_their_own(provider: Provider, trusting: House) -> None:
    provider.user("bob", org="engines", groups=["aci:admin"])
    provider.user("eve", org="engines", groups=["something"])
    provider.user("ada", org="engines", groups=["aci:user"])
    tokens = {name: provider.id_token(name, AUDIENCE) for name in ("ada", "bob", "eve")}
    mine = {name: (await asked(trusting, token)).json() for name, token in tokens.items()}
    assert len({me["tenant"]["id"] for me in mine.values()}) == 1
    assert {name: me["scopes"] for name, me in mine.items()} == {"ada": ["user"], "bob": ["admin"], "eve": []}
    seen = {name: (await asked(trusting, token, "/v1/jobs")).status_code for name, token in tokens.items()}
    assert seen == {"ada": 200, "bob": 403, "eve": 403}
    seen = {name: (await asked(trusting, token, "/v1/admin/keys")).status_code for name, token in tokens.items()}
    assert seen == {"ada": 403, "bob": 200, "eve": 403}


async def test_a_token_for_another_client_is_not_for_us(provider: Provider, trusting: House) -> None:
    provider.user("ada", org="engines", groups=["aci:user"])
    assert (await asked(trusting, provider.id_token("ada", "another-client"))).status_code == 401


async def test_the_page_signs_in_with_a_token_and_no_longer_than_it(
    provider: Provider, trusting: House, pool: Pool
) -> None:
    provider.user("page", org="engines", groups=["aci:user"])
    token = provider.id_token("page", AUDIENCE)
    async with trusting.page(token) as (browser, csrf):
        assert (await browser.get("/v1/me")).json()["subject"] == f"oidc {provider.url} page"
        assert (await browser.post("/v1/sessions", json={}, headers={"X-CSRF-Token": csrf})).status_code == 201
    lasts = await pool.fetchval("SELECT expires_at - created_at FROM sign_ins WHERE subject LIKE '%page'")
    left = jwt.decode(token, options={"verify_signature": False})["exp"] - time.time()
    assert lasts.total_seconds() <= left + 31


async def test_a_provider_that_changes_its_keys_is_asked_for_the_new_ones(
    provider: Provider, trusting: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.user("ada", org="engines", groups=["aci:user"])
    old = provider.id_token("ada", AUDIENCE)
    assert (await asked(trusting, old)).status_code == 200
    monkeypatch.setattr(issuer_keys, "APART_S", 0.0)
    provider.stop()
    provider.start()  # with other keys
    provider.user("ada", org="engines", groups=["aci:user"])
    assert (await asked(trusting, provider.id_token("ada", AUDIENCE))).status_code == 200
    trusting.app.state.gate.forget_all()
    assert (await asked(trusting, old)).status_code == 401


# --- one that signs anything ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def believing(issuer: Issuer, open_house: OpenHouse) -> House:
    return await open_house(oidc_issuers=(settings_for(issuer.url, create_tenants=True, clock_skew_s=30),))


def part(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def unsigned(issuer: Issuer, algorithm: str = "none") -> str:
    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'first'})}.{part(issuer.claims())}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """Whoever checks it with the public key as if that were a shared secret would believe it."""
    pem = (
        issuer.signers[0]
        .private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{part(issuer.claims())}"
    mac = hmac.digest(pem, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def tampered(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{part(issuer.claims(scope='aci:admin'))}.{signature}"


NOW = int(time.time())
BAD_TOKENS: dict[str, Any] = {
    "one that has expired": lambda issuer: issuer.token(exp=NOW - 60),
    "one that is not good yet": lambda issuer: issuer.token(nbf=NOW + 3600),
    "one that was issued in the future": lambda issuer: issuer.token(iat=NOW + 3600),
    "one for another audience": lambda issuer: issuer.token(aud="somebody"),
    "one for other audiences": lambda issuer: issuer.token(aud=["a", "b"]),
    "one for no audience": lambda issuer: issuer.token(aud=None),
    "one whose audience is a number": lambda issuer: issuer.token(aud=[1, {}]),
    "one of another issuer": lambda issuer: issuer.token(iss="https://issuer.example"),
    "one of an issuer that is a list": lambda issuer: _raw(issuer, iss=[issuer.url]),
    "one of the issuer with a slash more": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "one of no issuer": lambda issuer: issuer.token(iss=None),
    "one without an end": lambda issuer: issuer.token(exp=None),
    "one that ends at a word": lambda issuer: _raw(issuer, exp="tomorrow"),
    "one that ends at infinity": lambda issuer: _raw(issuer, exp=float("inf")),
    "one without a subject": lambda issuer: issuer.token(sub=None),
    "one with a subject that is empty": lambda issuer: issuer.token(sub=""),
    "one with NUL in its subject": lambda issuer: issuer.token(sub="a\x00"),
    "one with a lone surrogate in its subject": lambda issuer: _raw(issuer, sub="\ud800"),
    "one with a subject that is too long": lambda issuer: issuer.token(sub="s" * 300),
    "one without a tenant": lambda issuer: issuer.token(org=None),
    "one with a blank tenant": lambda issuer: issuer.token(org="  "),
    "one with a tenant that is a list": lambda issuer: issuer.token(org=["a"]),
    "one with NUL in its tenant": lambda issuer: issuer.token(org="\x00"),
    "one signed by nobody": unsigned,
    "one signed by nobody, spelled otherwise": lambda issuer: unsigned(issuer, "NoNe"),
    "one signed with the public key": signed_with_the_public_key,
    "one whose claims were changed": tampered,
    "one signed with a key of another name": lambda issuer: issuer.token(Signer("unheard of")),
    "one signed with another key of the same name": lambda issuer: issuer.token(Signer("first")),
    "one signed in a way that is not allowed": lambda issuer: _signed_as(issuer, "RS512"),
    "one that says ES256 with a key for RS256": lambda issuer: issuer.token(Signer("first", "ES256")),
    "a logout token": lambda issuer: issuer.token(header={"typ": "logout+jwt"}),
    "one with what must be understood": lambda issuer: issuer.token(header={"crit": ["x"], "x": 1}),
    "one whose key has a number for a name": lambda issuer: f"{part({'alg': 'RS256', 'kid': 1})}.{part({})}.eA",
    "one whose way is a list": lambda issuer: f"{part({'alg': ['RS256']})}.{part(issuer.claims())}.eA",
    "one that brings its own key": lambda issuer: issuer.token(
        Signer("unheard of"), header={"jwk": Signer("unheard of").public}
    ),
    "dots": lambda issuer: "..",
    "words": lambda issuer: "a.b.c",
    "a header that is no object": lambda issuer: f"{part([])}.{part(issuer.claims())}.eA",
    "claims that are no object": lambda issuer: f"{part({'alg': 'RS256', 'kid': 'first'})}.{part([])}.eA",
    "claims without an end of brackets": lambda issuer: f"{part({'alg': 'RS256'})}.{'W' * 4000}.eA",
    "one that is too long": lambda issuer: issuer.token(more="x" * 9000),
}


def _raw(issuer: Issuer, **changed: Any) -> str:
    """Signed whatever it says: PyJWT would not sign some of it."""
    signer = issuer.signers[0]
    body = json.dumps(issuer.claims(**changed)).encode()
    return jwt.api_jws.encode(body, signer.private, algorithm="RS256", headers={"kid": signer.kid})


def _signed_as(issuer: Issuer, algorithm: str) -> str:
    signer = issuer.signers[0]
    return jwt.encode(issuer.claims(), signer.private, algorithm=algorithm, headers={"kid": signer.kid})


async def test_a_good_one_is_believed(issuer: Issuer, believing: House) -> None:
    me = (await asked(believing, issuer.token())).json()
    assert (me["tenant"]["name"], me["subject"], me["scopes"]) == ("lovelace", f"oidc {issuer.url} ada", ["user"])


async def test_clocks_may_differ_a_little(issuer: Issuer, believing: House) -> None:
    now = int(time.time())
    for token in (issuer.token(exp=now - 10), issuer.token(nbf=now + 10, iat=now + 10)):
        assert (await asked(believing, token)).status_code == 200


@pytest.mark.parametrize("what", BAD_TOKENS)
async def test_refused_is(what: str, issuer: Issuer, believing: House, caplog: pytest.LogCaptureFixture) -> None:
    token = BAD_TOKENS[what](issuer)
    answer = await asked(believing, token)
    assert answer.status_code == 401, answer.text
    assert problem_of(answer)["detail"] == problem_of(await asked(believing, "nonsense"))["detail"]
    async with believing.visitor() as browser:
        signing_in = await browser.post("/v1/sign-in", json={"credential": token})
    assert signing_in.status_code in (401, 422)
    said = caplog.text + answer.text + signing_in.text
    assert not [piece for piece in token.split(".") if len(piece) > 8 and piece in said]


async def test_without_issuers_a_token_is_a_word_like_any_other(issuer: Issuer, house: House) -> None:
    assert (await asked(house, issuer.token())).status_code == 401


async def test_a_tenant_that_nobody_made_is_not_made_by_an_issuer_that_may_not(
    issuer: Issuer, open_house: OpenHouse, pool: Pool
) -> None:
    house = await open_house(oidc_issuers=(settings_for(issuer.url),))
    answer = await asked(house, issuer.token(org="not made"))
    assert (answer.status_code, problem_of(answer)["type"]) == (403, "/problems/tenant-unknown")
    assert not await pool.fetchval("SELECT count(*) FROM tenants WHERE name = 'not made'")
    tenant = await house.tenant()
    assert (await asked(house, issuer.token(org=tenant["name"]))).json()["tenant"]["id"] == tenant["id"]


async def test_an_issuer_can_be_bound_to_one_tenant_and_its_audience_stand_elsewhere(
    issuer: Issuer, open_house: OpenHouse
) -> None:
    """As an access token of Cognito is: `client_id` in place of `aud`, groups as a list."""
    config = settings_for(
        issuer.url, tenant_claim=None, tenant="default", audience_claim="client_id", scope_claim="cognito:groups"
    )
    house = await open_house(oidc_issuers=(config,))
    good = {"aud": None, "client_id": AUDIENCE, "cognito:groups": ["aci:user", "aci:admin"], "org": "lovelace"}
    me = (await asked(house, issuer.token(**good))).json()
    assert (me["tenant"]["name"], me["scopes"]) == ("default", ["admin", "user"])
    assert (await asked(house, issuer.token(**good | {"client_id": "other"}))).status_code == 401


async def test_a_suspended_tenant_is_shut_for_its_tokens_too(issuer: Issuer, believing: House) -> None:
    token = issuer.token(org="to be suspended")
    tenant = (await asked(believing, token)).json()["tenant"]["id"]
    await believing.as_admin("PATCH", f"/tenants/{tenant}", 200, {"suspended": True})
    answer = await asked(believing, token)
    assert (answer.status_code, problem_of(answer)["type"]) == (403, "/problems/tenant-suspended")


async def test_many_first_tokens_at_once_make_one_tenant(issuer: Issuer, believing: House) -> None:
    tokens = [issuer.token(org="all at once", sub=f"user {number}") for number in range(20)]
    answers = await asyncio.gather(*(asked(believing, token) for token in tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["tenant"]["id"] for answer in answers}) == 1


# --- fetching its keys ------------------------------------------------------------------------------------


async def test_a_new_key_is_fetched_once_however_many_tokens_come_with_it(
    issuer: Issuer, open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await open_house(oidc_issuers=(settings_for(issuer.url, create_tenants=True),))
    assert (await asked(house, issuer.token())).status_code == 200
    issuer.signers.append(Signer("second"))
    second = issuer.signers[1]
    issuer.asked.clear()
    assert (await asked(house, issuer.token(second))).status_code == 401, "asked a moment ago"
    assert issuer.asked == []
    monkeypatch.setattr(issuer_keys, "APART_S", 0.0)
    tokens = [issuer.token(second, sub=f"user {number}") for number in range(20)]
    answers = await asyncio.gather(*(asked(house, token) for token in tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    monkeypatch.undo()
    issuer.asked.clear()
    strangers = [issuer.token(Signer(f"unheard of {number}")) for number in range(5)] * 20
    assert {answer.status_code for answer in await asyncio.gather(*(asked(house, one) for one in strangers))} == {401}
    assert issuer.asked == [], "unknown keys have it asked once in a while, and not for each token"
    issuer.signers.pop()


async def test_keys_count_on_while_the_issuer_is_away(open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with Issuer() as gone:
        house = await open_house(oidc_issuers=(settings_for(gone.url, create_tenants=True),))
        assert (await asked(house, gone.token())).status_code == 200
    assert (await asked(house, gone.token(sub="later"))).status_code == 200
    monkeypatch.setattr(issuer_keys, "USABLE_S", -1.0)
    answer = await asked(house, gone.token(sub="much later"))
    assert (answer.status_code, problem_of(answer)["type"]) == (503, "/problems/unavailable")
    assert answer.headers["retry-after"]


def redirecting(request: BaseHTTPRequestHandler) -> None:
    """To where the honest answer is."""
    request.send_response(302)
    request.send_header("Location", f"/moved{request.path}")
    request.end_headers()


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    piece = b" " * 65536
    with contextlib.suppress(OSError):  # as it should be: nobody reads on
        for _ in range(1000):
            request.wfile.write(piece)


DISCOVERY = "/.well-known/openid-configuration"


def discovery(of: Issuer, **changed: Any) -> dict[str, Any]:
    return {"issuer": of.url, "jwks_uri": f"{of.url}/keys", **changed}


def public_keys(issuer: Issuer) -> dict[str, Any]:
    return {"keys": [signer.public for signer in issuer.signers]}


BAD_ANSWERS: dict[str, tuple[str, Any]] = {
    "a redirect": (DISCOVERY, redirecting),
    "a redirect for the keys": ("/keys", redirecting),
    "no end": (DISCOVERY, endless),
    "too much": (DISCOVERY, lambda issuer: discovery(issuer, more="x" * issuer_keys.LARGEST)),
    "too many keys": ("/keys", lambda issuer: public_keys(issuer) | {"more": "x" * issuer_keys.LARGEST}),
    "no JSON": (DISCOVERY, lambda issuer: b"<html>"),
    "brackets without end": (DISCOVERY, lambda issuer: b"[" * 100_000),
    "a list": (DISCOVERY, lambda issuer: [discovery(issuer)]),
    "an error": (DISCOVERY, lambda request: request.send_error(500)),
    "another issuer": (DISCOVERY, lambda issuer: discovery(issuer, issuer="https://issuer.example")),
    "no place of keys": (DISCOVERY, lambda issuer: discovery(issuer, jwks_uri=None)),
    "keys that are no list": ("/keys", lambda issuer: {"keys": 1}),
    "keys that are none": (
        "/keys",
        lambda issuer: {"keys": [1, {}, {"kty": "RSA"}, {"kty": "RSA", "n": 1, "e": "AQAB", "kid": "first"}]},
    ),
    "a shared secret for a key": (
        "/keys",
        lambda issuer: {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first", "alg": "HS256"}]},
    ),
    "a key for hiding things": ("/keys", lambda issuer: {"keys": [issuer.signers[0].public | {"use": "enc"}]}),
    "a key for another algorithm": ("/keys", lambda issuer: {"keys": [issuer.signers[0].public | {"alg": "PS256"}]}),
    "two keys of one name": ("/keys", lambda issuer: {"keys": [issuer.signers[0].public] * 2}),
}
BY_HAND = (redirecting, endless, BAD_ANSWERS["an error"][1])


@pytest.mark.parametrize("what", BAD_ANSWERS)
async def test_an_issuer_that_answers_with(what: str) -> None:
    path, bad = BAD_ANSWERS[what]
    with Issuer() as issuer:
        issuer.answers[f"/moved{DISCOVERY}"] = lambda request: answer(request, discovery(issuer))
        issuer.answers["/moved/keys"] = lambda request: answer(request, public_keys(issuer))
        issuer.answers[path] = bad if bad in BY_HAND else lambda request: answer(request, bad(issuer))
        tokens = BearerTokens([settings_for(issuer.url)])
        with pytest.raises((issuer_keys.IssuerAway, Rejected)):
            await tokens.read(issuer.token())
        await tokens.close()


@pytest.mark.parametrize(
    "address",
    ["http://keys.example/", "ftp://keys.example/", "https://user:secret@keys.example/", "file:///etc/passwd", "", 1],
)
async def test_keys_are_fetched_from_safe_places_only(address: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    get = issuer_keys.IssuerKeys._get

    async def watched(self: issuer_keys.IssuerKeys, address: str) -> dict[str, Any]:
        fetched.append(address)
        return await get(self, address)

    monkeypatch.setattr(issuer_keys.IssuerKeys, "_get", watched)
    with Issuer() as issuer:
        issuer.answers[DISCOVERY] = lambda request: answer(request, discovery(issuer, jwks_uri=address))
        tokens = BearerTokens([settings_for(issuer.url)])
        with pytest.raises(issuer_keys.IssuerAway):
            await tokens.read(issuer.token())
        await tokens.close()
        assert fetched == [f"{issuer.url}{DISCOVERY}"]


async def test_an_issuer_elsewhere_sends_nobody_to_this_machine() -> None:
    keys = issuer_keys.IssuerKeys(settings_for("https://issuer.example"))
    assert keys._may_fetch("https://keys.example/jwks")
    assert not keys._may_fetch("http://127.0.0.1:9/jwks")
    assert not keys._may_fetch("https://localhost/jwks")
    await keys.close()


NOT_ASKING = BearerTokens([settings_for("https://issuer.example")])
NOT_ASKING._issuers["https://issuer.example"][1]._tried_at = float("inf")


@settings(max_examples=100, deadline=None)
@given(
    header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "x"]), st.text() | st.none() | st.integers()),
    claims=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["iss", "sub", "exp", "aud", "org"]), inner),
    ),
    signature=st.text(alphabet="abcXYZ019-_=", max_size=40),
)
def test_nothing_that_looks_like_a_token_breaks_the_reader(header: Any, claims: Any, signature: str) -> None:
    with pytest.raises((Rejected, issuer_keys.IssuerAway)):
        asyncio.run(NOT_ASKING.read(f"{part(header)}.{part(claims)}.{signature}"))
