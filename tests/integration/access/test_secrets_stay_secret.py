"""Known secrets go through a real process in every way that a client can send them, and come out nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from clusters import postgres_like
from doubles.issuer import AUDIENCE, Issuer
from services import PLAIN, Service, problem_of

from core.access import tokens
from core.access.tokens import Kind
from embedded.children import pause_between_looks
from embedded.redis import running_redis


def password_of(url: str) -> str:
    return unquote(urlsplit(url).password or "")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as started:
        yield started


@pytest.fixture
def parts(tmp_path: Path, postgres_home: Path, issuer: Issuer) -> Iterator[tuple[Service, Any, str]]:
    """An API process that logs all it can, on databases of its own, and its admin's key."""
    with postgres_like(postgres_home) as postgres, running_redis() as redis:
        key = tokens.draw(Kind.KEY)
        file = tmp_path / "admin"
        file.write_text(key)
        trusted = {"issuer": issuer.url, "audiences": [AUDIENCE], "tenant_claim": "org", "create_tenants": True}
        service = Service(
            tmp_path,
            postgres.url,
            redis.url,
            ACI_AUTH="keys",
            ACI_ADMIN_KEY_FILE=str(file),
            ACI_OIDC_ISSUERS=json.dumps([trusted]),
            ACI_LOG_LEVEL="DEBUG",
        )
        assert service.run("migrations", "-m", "migrations").wait() == 0
        api = service.run("api", "-m", "api")
        try:
            while not service.readiness():
                assert api.running, service.logs()
                pause_between_looks()
            yield service, postgres, key
        finally:
            service.shut_down()


def test_no_secret_comes_out(parts: tuple[Service, Any, str], issuer: Issuer) -> None:
    service, postgres, admin = parts
    secrets = {
        "the admin's key": admin,
        "a wrong key": tokens.draw(Kind.KEY),
        "a malformed key": tokens.draw(Kind.KEY)[:-1],
        "a token": issuer.token().rpartition(".")[2],
        "the database's password": password_of(service.environment["DATABASE_URL"]),
        "the password of Redis": password_of(service.environment["REDIS_URL"]),
    }
    token = issuer.token()
    secrets["a good token's signature"] = token.rpartition(".")[2]
    errors: list[httpx.Response] = []

    with httpx.Client(base_url=service.url, timeout=60, **PLAIN) as http:

        def send(method: str, path: str, **more: Any) -> httpx.Response:
            answer = http.request(method, path, **more)
            if answer.status_code >= 400:
                problem_of(answer)
                errors.append(answer)
            return answer

        def bearing(secret: str) -> dict[str, str]:
            return {"Authorization": f"Bearer {secret}"}

        made = send("POST", "/v1/admin/keys", json={"name": "k"}, headers=bearing(admin)).json()
        secrets["a key that was made"] = made["secret"]
        signed_in = send("POST", "/v1/sign-in", json={"credential": made["secret"]})
        secrets["the cookie"] = http.cookies["aci_session"]
        secrets["its CSRF token"] = signed_in.json()["csrf_token"]
        assert send("GET", "/v1/me", headers=bearing(token)).status_code == 200
        for secret in [*secrets.values(), token]:
            for headers in (bearing(secret), {"Authorization": secret}, {"Authorization": f"Basic {secret}"}):
                send("GET", "/v1/jobs", headers=headers)
            http.cookies.clear()
            send("GET", "/v1/jobs", headers={"Cookie": f"aci_session={secret}"})
            send("POST", "/v1/sign-in", json={"credential": secret})
            send("POST", "/v1/sign-in", json={"credential": [secret]})
            send("POST", "/v1/sign-in", content=secret.encode(), headers={"Content-Type": "application/json"})
            send("POST", "/v1/sign-in", json={"password": secret})
            send("POST", "/v1/sessions", json={}, headers={"Cookie": f"aci_session={secret}", "X-CSRF-Token": secret})
            send("POST", "/v1/admin/keys", json={"name": secret, "scopes": [secret]}, headers=bearing(admin))
        forged = f"{token.rpartition('.')[0]}.{base64.urlsafe_b64encode(b'x' * 256).decode().rstrip('=')}"
        send("GET", "/v1/jobs", headers=bearing(forged))
        postgres.kill()
        for secret in (tokens.draw(Kind.KEY), admin):
            assert send("GET", "/v1/jobs", headers=bearing(secret)).status_code == 503
    file = service.programs["api"].log
    service.stop("api")  # which says what it has not said yet
    log = file.read_text()
    assert "unknown key" in log
    assert "malformed" in log
    assert "Refused credentials" in log
    assert "Postgres is away" in log
    assert len(errors) > 50
    came_out = {
        what: where
        for what, secret in secrets.items()
        for where, text in [("the log", log), *((error.request.url.path, error.text) for error in errors)]
        if secret in text or (len(secret) > 30 and secret[12:40] in text)
    }
    assert came_out == {}
