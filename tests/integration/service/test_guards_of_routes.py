"""No page of another web site drives the service through its user's browser, by whichever route."""

from __future__ import annotations

import re

from services import Client, problem_of

SAFE = {"get", "head", "options"}
IDS = {"job_id": "job_01jd0000000000000000000000", "session_id": "ses_01jd0000000000000000000000"}


async def routes(client: Client) -> list[tuple[str, str]]:
    """Every method and path of the OpenAPI document, so that routes to come are held to this too."""
    document = (await client.http.get("/v1/openapi.json")).json()
    found = [
        (method, re.sub(r"\{(\w+)\}", lambda name: IDS.get(name[1], "x"), path))
        for path, item in document["paths"].items()
        for method in item
    ]
    assert len([method for method, _ in found if method not in SAFE]) >= 8
    return found


async def test_no_route_answers_under_a_foreign_host_name(client: Client) -> None:
    for method, path in await routes(client):
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "evil.example:8000", ""):
            answer = await client.http.request(method, path, headers={"Host": host})
            assert answer.status_code == 421, (method, path, host)
            assert problem_of(answer)["type"] == "/problems/host-not-allowed"


async def test_every_unsafe_route_refuses_a_foreign_origin(client: Client) -> None:
    """Before it looks at the body, so that no route can forget it."""
    foreign = (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": client.url.replace("127.0.0.1", "localhost")},
        {"Origin": client.url + ".evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    )
    for method, path in await routes(client):
        for headers in foreign:
            answer = await client.http.request(method, path, headers={"Content-Type": "text/plain", **headers})
            if method in SAFE:
                assert answer.status_code != 403, (method, path, headers)
            else:
                assert answer.status_code == 403, (method, path, headers)
                assert problem_of(answer)["type"] == "/problems/origin-not-allowed"


async def test_every_unsafe_route_but_uploads_refuses_what_a_form_can_send(client: Client) -> None:
    for method, path in await routes(client):
        if method in SAFE or "/files" in path:
            continue
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = await client.http.request(method, path, content=b"{}", headers={"Content-Type": kind})
            assert answer.status_code == 415, (method, path, kind)


async def test_the_own_page_may_use_every_unsafe_route(client: Client) -> None:
    for method, path in await routes(client):
        if method not in SAFE:
            headers = {"Origin": client.url, "Sec-Fetch-Site": "same-origin"}
            answer = await client.http.request(method, path, headers=headers)
            assert answer.status_code in (200, 201, 204, 404, 415, 422), (method, path, answer.status_code)


async def test_every_answer_keeps_a_browser_from_guessing(client: Client) -> None:
    for path in ("/v1/agents", "/v1/nothing", "/healthz"):
        headers = (await client.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-request-id"]
        assert "access-control-allow-origin" not in headers
