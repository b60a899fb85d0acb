"""The guards before the application: which requests it never sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from api.guards import Guards
from core.settings import Settings

OWN = "127.0.0.1:8000"
SETTINGS = Settings(
    allowed_hosts=("127.0.0.1", "localhost", "[::1]", "App.Example"),
    allowed_origins=("https://Page.Example",),
    max_request_bytes=100,
    max_upload_bytes=1000,
)


class Asked:
    """An application that reads what it is sent, and remembers that it was asked."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.body = b""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        while (message := await receive())["type"] == "http.request":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def ask(
    *headers: tuple[str, str],
    method: str = "POST",
    path: str = "/v1/jobs",
    query: str = "",
    pieces: tuple[bytes, ...] = (),
    kind: str = "http",
) -> tuple[Asked, list[Message]]:
    """One request through the guards: the application, and what was answered."""
    app, answered = Asked(), []
    waiting: list[Message] = (
        [{"type": "websocket.connect"}]
        if kind == "websocket"
        else [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces) - 1}
            for number, piece in enumerate(pieces or (b"",))
        ]
    )

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    scope: dict[str, Any] = {
        "type": kind,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    if kind == "http":
        scope["method"] = method
    await Guards(app, SETTINGS)(scope, receive, send)
    return app, answered


async def status(*headers: tuple[str, str], **more: Any) -> int:
    """The status of the answer; the application was asked if and only if it is 200."""
    app, answered = await ask(*headers, **more)
    found: int = answered[0]["status"]
    assert (app.body is not None) == (found == 200)
    if found != 200:
        assert json.loads(answered[1]["body"])["status"] == found
    return found


JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize("host", ["127.0.0.1", OWN, "localhost:1", "LOCALHOST", "[::1]:8000", "[::1]", "app.example"])
async def test_our_own_host_names_are_answered(host: str) -> None:
    assert await status(("Host", host), method="GET") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:127.0.0.1",
        "127.0.0.2",
        "",
        "localhost.",
        "127.0.0.1:80:80",
        "127.0.0.1@evil.example",
        "::1",
        "app.example.evil",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_no_other_host_name_is(host: str, method: str) -> None:
    assert await status(("Host", host), method=method) == 421


async def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    assert await status(method="GET") == 421
    assert await status(("Host", OWN), ("Host", "evil.example"), method="GET") == 421
    assert await status(("Host", OWN), ("Host", OWN), method="GET") == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], 200),
        ([("Origin", f"http://{OWN}")], 200),
        ([("Origin", f"https://{OWN}")], 200),
        ([("Origin", "https://page.example")], 200),
        ([("Sec-Fetch-Site", "same-origin")], 200),
        ([("Sec-Fetch-Site", "none")], 200),
        ([("Origin", "https://evil.example")], 403),
        ([("Origin", "null")], 403),
        ([("Origin", "")], 403),
        ([("Origin", "http://127.0.0.1:8001")], 403),
        ([("Origin", "http://127.0.0.1")], 403),
        ([("Origin", f"http://{OWN}.evil.example")], 403),
        ([("Origin", f"http://evil.example@{OWN}")], 403),
        ([("Origin", f"file://{OWN}")], 403),
        ([("Origin", "https://page.example.evil")], 403),
        ([("Sec-Fetch-Site", "cross-site")], 403),
        ([("Sec-Fetch-Site", "same-site")], 403),
        ([("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")], 403),
    ],
)
async def test_an_unsafe_request_comes_from_our_own_page_or_from_none(
    headers: list[tuple[str, str]], expected: int, method: str
) -> None:
    assert await status(("Host", OWN), *headers, method=method) == expected


async def test_a_safe_request_may_come_from_anywhere() -> None:
    assert await status(("Host", OWN), ("Origin", "https://evil.example"), method="GET") == 200


@pytest.mark.parametrize(
    ("headers", "opened"),
    [
        ([("Host", OWN)], True),
        ([("Host", OWN), ("Origin", f"http://{OWN}")], True),
        ([("Host", OWN), ("Origin", "https://evil.example")], False),
        ([("Host", OWN), ("Origin", "null")], False),
        ([("Host", OWN), ("Sec-Fetch-Site", "cross-site")], False),
        ([("Host", "evil.example")], False),
    ],
)
async def test_a_web_socket_is_opened_for_our_own_page_only(headers: list[tuple[str, str]], opened: bool) -> None:
    app, answered = await ask(*headers, kind="websocket", path="/v1/ws")
    assert (app.body is not None) == opened
    assert answered[0]["type"] == ("websocket.accept" if opened else "websocket.close")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("application/jsonx", 415),
        ("", 415),
    ],
)
async def test_json_routes_take_what_no_form_can_send(kind: str, expected: int) -> None:
    for length in (("Content-Length", "2"), ("Transfer-Encoding", "chunked")):
        assert await status(("Host", OWN), ("Content-Type", kind), length, pieces=(b"{}",)) == expected
    upload = "/v1/sessions/ses_1/files/a.txt"
    assert (
        await status(("Host", OWN), ("Content-Type", kind), ("Content-Length", "2"), path=upload, method="PUT") == 200
    )


async def test_only_the_routes_of_files_are_uploads() -> None:
    for path in ("/v1/sessions/ses_1/filesx", "/v1/sessions/a/b/files/x", "/v1/jobs/x/files", "/x/v1/sessions/s/files"):
        assert await status(("Host", OWN), ("Content-Length", "2"), path=path) == 415


@pytest.mark.parametrize(("length", "expected"), [("100", 200), ("101", 413), ("9" * 30, 413), ("-1", 400), ("x", 400)])
async def test_a_length_past_the_limit_is_refused_unread(length: str, expected: int) -> None:
    assert await status(("Host", OWN), JSON, ("Content-Length", length)) == expected


async def test_uploads_have_a_limit_of_their_own() -> None:
    path = "/v1/sessions/ses_1/files/a.txt"
    assert await status(("Host", OWN), ("Content-Length", "1000"), path=path, method="PUT") == 200
    assert await status(("Host", OWN), ("Content-Length", "1001"), path=path, method="PUT") == 413


@pytest.mark.parametrize("claimed", [("Transfer-Encoding", "chunked"), ("Content-Length", "10")])
async def test_a_body_is_counted_as_it_comes(claimed: tuple[str, str]) -> None:
    app, _ = await ask(("Host", OWN), JSON, claimed, pieces=(b"x" * 50, b"x" * 50))
    assert app.body == b"x" * 100
    with pytest.raises(HTTPException) as refused:
        await ask(("Host", OWN), JSON, claimed, pieces=(b"x" * 50, b"x" * 51))
    assert refused.value.status_code == 413


@pytest.mark.parametrize(("path", "query"), [("/v1/jobs/\x00", ""), ("/v1/jobs", "agent=%00")])
async def test_an_address_has_no_nul(path: str, query: str) -> None:
    assert await status(("Host", OWN), method="GET", path=path, query=query) == 400


async def test_every_answer_tells_a_browser_what_not_to_do() -> None:
    for host in (OWN, "evil.example"):
        _, answered = await ask(("Host", host), method="GET")
        names = [name for name, _ in answered[0]["headers"]]
        for name in (b"x-content-type-options", b"referrer-policy", b"cross-origin-resource-policy", b"x-request-id"):
            assert names.count(name) == 1
