"""What is wrong with a request is said of the field that is wrong, and never costs the service its composure."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from services import Client, problem_of

JOB_ID = "job_01jd0000000000000000000000"
SESSION_ID = "ses_01jd0000000000000000000000"

RUN = {"code": "pass"}
WRITE = {"prompt": "say hello"}
LARGE_CODE = "#" * 200_001
LARGE_PROMPT = "w" * 20_001

BAD_JOBS: dict[str, tuple[dict[str, Any], str]] = {
    "empty code": ({"agent": "execute", "input": {"code": ""}}, "/input/code"),
    "blank code": ({"agent": "execute", "input": {"code": " \n\t "}}, "/input/code"),
    "no code": ({"agent": "execute", "input": {}}, "/input/code"),
    "code that is too long": ({"agent": "execute", "input": {"code": LARGE_CODE}}, "/input/code"),
    "code of another type": ({"agent": "execute", "input": {"code": ["pass"]}}, "/input/code"),
    "code with NUL": ({"agent": "execute", "input": {"code": "a\x00b"}}, "/input/code"),
    "code with a lone surrogate": ({"agent": "execute", "input": {"code": "x = '\ud800'"}}, "/input/code"),
    "an empty prompt": ({"agent": "generate", "input": {"prompt": ""}}, "/input/prompt"),
    "a prompt that is too long": ({"agent": "generate", "input": {"prompt": LARGE_PROMPT}}, "/input/prompt"),
    "a prompt with NUL": ({"agent": "generate", "input": {"prompt": "a\x00"}}, "/input/prompt"),
    "a prompt with a lone surrogate": ({"agent": "generate", "input": {"prompt": "\udfff"}}, "/input/prompt"),
    "a fix without its error": ({"agent": "generate", "input": WRITE | {"fix": RUN}}, "/input/fix/error"),
    "input that is text": ({"agent": "execute", "input": "pass"}, "/input"),
    "no input": ({"agent": "execute"}, "/input"),
    "no time at all": ({"agent": "execute", "input": RUN | {"timeout_s": 0}}, "/input/timeout_s"),
    "too much time": ({"agent": "execute", "input": RUN | {"timeout_s": 601}}, "/input/timeout_s"),
    "time that is no number": ({"agent": "execute", "input": RUN | {"timeout_s": float("nan")}}, "/input/timeout_s"),
    "inputs that are one text": ({"agent": "execute", "input": RUN | {"inputs": "yes"}}, "/input/inputs"),
    "an input with NUL": ({"agent": "execute", "input": RUN | {"inputs": ["a", "\x00"]}}, "/input/inputs/1"),
    "a file outside the folder": (
        {"agent": "execute", "input": RUN | {"files": [{"path": "../x", "text": ""}]}},
        "/input/files/0",
    ),
    "a file without content": ({"agent": "execute", "input": RUN | {"files": [{"path": "x"}]}}, "/input/files/0"),
    "a file of no base64": (
        {"agent": "execute", "input": RUN | {"files": [{"path": "x", "base64": "%%"}]}},
        "/input/files/0/base64",
    ),
    "an unknown field": ({"agent": "execute", "input": RUN, "colour": "red"}, "/colour"),
    "an unknown field of the input": ({"agent": "execute", "input": RUN | {"colour": "red"}}, "/input/colour"),
    "an unknown agent": ({"agent": "nobody", "input": RUN}, ""),
    "an agent that is a list": ({"agent": ["execute"], "input": RUN}, ""),
    "no agent": ({"input": RUN}, ""),
    "an unknown lane": ({"agent": "execute", "input": RUN, "lane": "fast"}, "/lane"),
    "a priority past nine": ({"agent": "execute", "input": RUN, "priority": 10}, "/priority"),
    "a priority of another type": ({"agent": "execute", "input": RUN, "priority": "high"}, "/priority"),
    "no attempts": ({"agent": "execute", "input": RUN, "max_attempts": 0}, "/max_attempts"),
    "a deadline in the past": ({"agent": "execute", "input": RUN, "deadline_s": -1}, "/deadline_s"),
    "a deadline without end": ({"agent": "execute", "input": RUN, "deadline_s": float("inf")}, "/deadline_s"),
    "a session that is no id": ({"agent": "execute", "input": RUN, "session_id": "mine"}, "/session_id"),
    "a job for a session": ({"agent": "execute", "input": RUN, "session_id": JOB_ID}, "/session_id"),
    "labels that are a list": ({"agent": "execute", "input": RUN, "metadata": []}, "/metadata"),
    "a label with NUL": ({"agent": "execute", "input": RUN, "metadata": {"a": "\x00"}}, "/metadata/a"),
    "a label that is a number": ({"agent": "execute", "input": RUN, "metadata": {"a": 1}}, "/metadata/a"),
}


async def post_json(client: Client, path: str, body: Any) -> httpx.Response:
    """Send what no library would: NaN, and lone surrogates as their escapes."""
    return await client.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("what", BAD_JOBS)
async def test_a_job_with(what: str, client: Client) -> None:
    body, pointer = BAD_JOBS[what]
    answer = await post_json(client, "/v1/jobs", body)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in problem_of(answer)["errors"]], answer.text


BAD_BODIES = {
    "nothing": b"",
    "half an object": b'{"agent": "execute"',
    "no JSON": b"agent=execute",
    "no UTF-8": b'{"agent": "\xff\xfe"}',
    "a number with too many digits": b'{"priority": ' + b"9" * 5000 + b"}",
    "more levels than a parser takes": b"[" * 100_000,
}


@pytest.mark.parametrize("what", BAD_BODIES)
async def test_a_body_that_is(what: str, client: Client) -> None:
    for path in ("/v1/jobs", "/v1/sessions"):
        answer = await client.http.post(path, content=BAD_BODIES[what], headers={"Content-Type": "application/json"})
        if (path, what) != ("/v1/sessions", "nothing"):  # a session may be asked for without a word
            assert answer.status_code in (400, 422), answer.text
            problem_of(answer)


async def test_half_an_object_is_told_from_a_wrong_field(client: Client) -> None:
    answer = await client.http.post("/v1/jobs", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert problem_of(answer)["type"] == "/problems/malformed-json"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
)
async def test_json_routes_take_json_only(kind: str, client: Client) -> None:
    body = json.dumps({"agent": "execute", "input": RUN}).encode()
    answer = await client.http.post("/v1/jobs", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    problem_of(answer)


async def test_a_body_of_more_bytes_than_allowed_is_refused(client: Client) -> None:
    body = json.dumps({"agent": "execute", "input": {"code": "#" * (5 << 20)}}).encode()
    answer = await client.http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert problem_of(answer)["type"] == "/problems/too-large"


async def test_a_body_that_names_no_length_is_refused_where_it_passes_the_limit(client: Client) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"agent": "execute", "input": {"code": "'
        for _ in range(6):
            yield b"#" * (1 << 20)
        yield b'"}}'

    answer = await client.http.post("/v1/jobs", content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert problem_of(answer)["type"] == "/problems/too-large"
    assert problem_of(answer)["title"] == "Too large"


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/jobs/{JOB_ID}",
        f"/v1/jobs/{JOB_ID}/events",
        f"/v1/jobs/{JOB_ID}/artifacts/figure-1.png",
        f"/v1/sessions/{SESSION_ID}",
        f"/v1/sessions/{SESSION_ID}/files",
        f"/v1/sessions/{SESSION_ID}/files/wine.csv",
        "/v1/jobs/1",
        f"/v1/jobs/{SESSION_ID}",
        f"/v1/jobs/{JOB_ID.upper()}",
        "/v1/nothing",
    ],
)
async def test_what_is_not_there_is_not_found(path: str, client: Client) -> None:
    answer = await client.http.get(path)
    assert answer.status_code == 404
    problem_of(answer)


@pytest.mark.parametrize("path", ["/v1/sessions/%00", "/v1/jobs?agent=%00", f"/v1/jobs/{JOB_ID}/artifacts/a%00"])
async def test_an_address_with_nul_is_refused(path: str, client: Client) -> None:
    answer = await client.http.get(path)
    assert answer.status_code == 400
    problem_of(answer)


async def test_a_job_for_a_session_that_is_not_there_is_not_accepted(client: Client) -> None:
    answer = await post_json(client, "/v1/jobs", {"agent": "execute", "input": RUN, "session_id": SESSION_ID})
    assert answer.status_code == 404
    problem_of(answer)


async def test_another_method_is_told_which_ones_there_are(client: Client) -> None:
    answer = await client.http.delete("/v1/agents")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    problem_of(answer)


@pytest.mark.parametrize(
    "path",
    ["..%2Fx", "%2Fetc%2Fpasswd", "a%2F..%2F..%2Fb", "a%5Cb", "a%1Bb", ".aci%2Fx", "x" * 201, "a%2F%2Fb"],
)
async def test_no_file_gets_a_name_that_leads_elsewhere(path: str, client: Client) -> None:
    session = await client.session()
    answer = await client.http.put(f"/v1/sessions/{session}/files/{path}", content=b"x")
    assert answer.status_code == 422, answer.text
    assert problem_of(answer)["errors"][0]["pointer"] == "/path/path"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", ".aci/x", "a//b"])
async def test_no_file_of_a_form_gets_a_name_that_leads_elsewhere(name: str, client: Client) -> None:
    session = await client.session()
    form = [("file", ("good.txt", b"x")), ("file", (name, b"x"))]
    answer = await client.http.post(f"/v1/sessions/{session}/files", files=form)
    assert answer.status_code == 422, answer.text
    assert problem_of(answer)["errors"][0]["pointer"] == "/file/1"
    assert (await client.http.get(f"/v1/sessions/{session}/files")).json()["items"] == []


# --- every route, with anything -------------------------------------------------------------------------

NASTY_TEXTS = [
    "",
    "%00",
    "..",
    "%2e%2e%2f",
    "a" * 3000,
    "-1",
    "NaN",
    "1e999",
    "' OR 1=1",
    "%ff",
    "☃",
    "%ED%A0%80",
    "[]",
]
NASTY_NUMBERS = ["-9223372036854775809", "99999999999", "9223372036854775808", "9" * 400]
NASTY_TIMES = [
    "2024-01-01",
    "2024-01-01T00:00:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "1e20",
    "infinity",
]
NASTY_VALUES = [None, True, -1, 10**30, 1e308, float("nan"), "", "\x00", "\ud800", "x" * 300, [], {}, [[]], {"": {}}]
GOOD_BODIES: dict[str, list[dict[str, Any]]] = {
    "/v1/jobs": [
        {"agent": "execute", "input": {"code": "pass", "timeout_s": 5, "inputs": [], "files": [], "reset": False}},
        {"agent": "generate", "input": {"prompt": "x", "base_code": "pass", "fix": None, "files": []}},
    ],
    "/v1/sessions": [{"title": ""}],
    "/v1/sessions/{session_id}": [{"title": ""}],
}


EVERY = 1 if os.environ.get("ATTACK") == "long" else 4
"""`make attack` sends all requests; else each route and each value gets a part of its own."""


def spoiled(body: Any) -> Iterator[Any]:
    """A body with each of its members, at any depth, replaced by something nasty."""
    if isinstance(body, dict):
        for name, member in body.items():
            for value in [*NASTY_VALUES, *spoiled(member)]:
                yield body | {name: value}
        yield body | {"\x00": 1}


def filled(path: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


@pytest.mark.timeout(300)  # some 1,500 requests, where all are sent
async def test_no_request_to_any_route_is_answered_by_an_error_of_ours(client: Client) -> None:
    """Every route of the OpenAPI document, with nasty ids, parameters, headers and bodies: no 5xx, only problems."""
    document = (await client.http.get("/v1/openapi.json")).json()
    session = await client.session()
    await client.http.put(f"/v1/sessions/{session}/files/there.txt", content=b"x")
    real = {
        "job_id": (await client.ran("pass"))["id"],
        "session_id": session,
        "path": "there.txt",
        "name": "figure-1.png",
    }
    requests: list[tuple[str, str, dict[str, Any]]] = []
    routes = [(path, method, about) for path, item in document["paths"].items() for method, about in item.items()]
    for path, method, about in sorted(routes, key=lambda route: route[1] == "delete"):
        parameters = {place: [] for place in ("path", "query", "header")}
        for parameter in about.get("parameters", ()):
            parameters[parameter["in"]].append(parameter["name"])
        here = {name: real.get(name, "1") for name in parameters["path"]}
        for name in parameters["path"]:
            for text in [*NASTY_TEXTS, *NASTY_NUMBERS, JOB_ID, SESSION_ID]:
                requests.append((method, filled(path, here | {name: text}), {}))
        for name in parameters["query"]:
            for text in [*NASTY_TEXTS, *NASTY_NUMBERS, *NASTY_TIMES]:
                requests.append((method, f"{filled(path, here)}?{name}={text}", {}))
        accepts = [{"Accept": "application/json"}, {"Accept": "text/event-stream"}]
        for name in parameters["header"]:
            for text in ["", "-1", "x", *NASTY_NUMBERS]:
                requests += [(method, filled(path, here), {"headers": {name: text} | accept}) for accept in accepts]
        if "requestBody" in about:
            contents = list(BAD_BODIES.values())
            bodies = GOOD_BODIES.get(path, [{}]) if "application/json" in about["requestBody"]["content"] else [{}]
            for body in [*NASTY_VALUES, *(each for good in bodies for each in spoiled(good))]:
                contents.append(json.dumps(body).encode())
            for kind in about["requestBody"]["content"]:
                for content in contents:
                    headers = {"Content-Type": kind}
                    requests.append((method, filled(path, here), {"content": content, "headers": headers}))
    assert len(requests) > 500
    requests = requests[::EVERY]

    at_once = asyncio.Semaphore(16)

    async def send(method: str, url: str, more: dict[str, Any]) -> str | None:
        async with at_once, client.http.stream(method, url, **more) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return None  # the stream of a session has no end
            await answer.aread()
        if answer.status_code >= 500:
            return f"{method} {url} {str(more)[:200]} -> {answer.status_code} {answer.text[:200]}"
        if answer.status_code >= 400:
            problem_of(answer)
        return None

    failed = [failure for failure in await asyncio.gather(*(send(*each) for each in requests)) if failure]
    assert not failed, "\n".join([f"{len(failed)} of {len(requests)}:", *failed[:40]])
