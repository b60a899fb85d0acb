"""Where a key is asked for, nothing below /v1/ is to be had without it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from services import problem_of

from api.access.key import COOKIE, COOKIE_S, AccessKey, UnusableKey
from api.access.middleware import OPEN
from api.app import create_app
from core.settings import Settings
from embedded.children import bare_environment
from embedded.redis import RedisServer

KEY = "k" * 20 + "0123456789abcdef"
ROOT = Path(__file__).resolve().parents[3]
IDS = {"job_id": "job_01jd0000000000000000000000", "session_id": "ses_01jd0000000000000000000000"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app_url(
    database: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.ASGITransport]:
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(f"{KEY}\n")
    app = create_app(Settings(DATABASE_URL=database, REDIS_URL=redis_server.url, key_file=file))  # type: ignore[call-arg]
    async with app.router.lifespan_context(app):
        yield httpx.ASGITransport(app)


@pytest_asyncio.fixture(loop_scope="session")
async def client(app_url: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=app_url, base_url="http://localhost") as made:
        yield made


async def routes(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    document = (await client.get("/v1/openapi.json")).json()
    return [
        (method, re.sub(r"\{(\w+)\}", lambda name: IDS.get(name[1], "x"), path))
        for path, item in document["paths"].items()
        for method in item
    ]


async def test_every_route_asks_for_the_key(client: httpx.AsyncClient) -> None:
    wrong = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Cookie": f"{COOKIE}={KEY}"},
        {"Cookie": f"{COOKIE}=9999999999.{'0' * 64}"},
        {"Cookie": f"{COOKIE}="},
    ]
    asked = [(method, path) for method, path in await routes(client) if path.startswith("/v1/") and path not in OPEN]
    assert len(asked) > 15
    for method, path in asked:
        for headers in wrong:
            answer = await client.request(method, path, headers=headers)
            assert answer.status_code == 401, (method, path, headers)
            assert answer.headers["www-authenticate"] == "Bearer"
            problem_of(answer)


async def test_with_the_key_every_route_answers(client: httpx.AsyncClient) -> None:
    for method, path in await routes(client):
        answer = await client.request(method, path, headers={"Authorization": f"bearer {KEY}"})
        assert answer.status_code != 401, (method, path)


async def test_health_needs_no_key_and_tells_no_secret(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "postgresql://" not in answer.text


async def test_the_page_trades_the_key_for_a_cookie_that_scripts_cannot_read(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/sign-in", json={"key": "wrong"})
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    problem_of(refused)
    granted = await client.post("/v1/sign-in", json={"key": KEY})
    assert granted.status_code == 204
    cookie = granted.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert KEY not in cookie
    assert (await client.get("/v1/agents")).status_code == 200
    # A header that is there is what counts.
    assert (await client.get("/v1/agents", headers={"Authorization": "Bearer wrong"})).status_code == 401
    await client.post("/v1/sign-out")
    assert (await client.get("/v1/agents")).status_code == 401


async def test_a_cookie_of_another_site_s_page_is_of_no_use(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sign-in", json={"key": KEY})
    answer = await client.post("/v1/sessions", json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_cookie_ends_by_itself_and_with_its_key() -> None:
    key = AccessKey(KEY)
    value = key.cookie(now=1000)
    assert key.accepts_cookie(value, now=1000 + COOKIE_S - 1)
    assert not key.accepts_cookie(value, now=1000 + COOKIE_S)
    assert not AccessKey(KEY + "x").accepts_cookie(value, now=1001)
    ends, _, signature = value.partition(".")
    assert not key.accepts_cookie(f"{int(ends) + 1}.{signature}", now=1001)
    for bad in ("", ".", ends, f"{ends}.", f".{signature}", "\ud800.x", f"{ends}.{signature}x"):
        assert not key.accepts_cookie(bad, now=1001)


@pytest.mark.parametrize(
    "key", ["", "short", "k" * 31, "k" * 31 + " ", "k" * 16 + " " + "k" * 16, "ä" * 40, "k" * 40 + "\n\n" + "x"]
)
def test_a_key_that_could_be_guessed_or_mistyped_is_refused(key: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(key)
    with pytest.raises(UnusableKey) as refused:
        AccessKey.from_file(file)
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_without_a_key_nothing_listens_beyond_loopback(host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env={**bare_environment(), "ACI_HOST": host},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "ACI_KEY_FILE" in done.stderr
