"""The client that commands stand on: whatever answers, it says so in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cli.client import Client
from cli.errors import Exit, Refused, Unreachable
from cli.output import text

PROBLEM = {"type": "/problems/limit-reached", "title": "A limit is reached", "detail": "Too many.", "status": 429}


def client(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client("http://service/", "the-key", transport=httpx.MockTransport(answer))


def problem(status: int, **more: Any) -> httpx.Response:
    headers = {"content-type": "application/problem+json", **more.pop("headers", {})}
    return httpx.Response(status, json=PROBLEM | {"status": status, **more}, headers=headers)


def test_the_key_goes_along_and_lists_are_read_page_by_page() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        start = int(request.url.params.get("cursor", 0))
        size = int(request.url.params["limit"])
        items = [{"id": number} for number in range(start, min(start + size, 450))]
        return httpx.Response(
            200, json={"items": items, "next_cursor": str(start + size) if start + size < 450 else None}
        )

    with client(answer) as asking:
        assert [one["id"] for one in asking.tenants()] == list(range(450))
        assert len(asked) == 3
        assert len(list(asking.tenants(limit=250))) == 250
        assert [request.url.params["limit"] for request in asked[3:]] == ["200", "50"]
    assert {request.headers["authorization"] for request in asked} == {"Bearer the-key"}


@pytest.mark.parametrize(
    ("status", "ends"),
    [(401, Exit.NOT_ALLOWED), (403, Exit.NOT_ALLOWED), (404, Exit.FAILED), (503, Exit.FAILED)],
)
def test_a_problem_is_told_and_decides_the_exit_status(status: int, ends: Exit) -> None:
    with client(lambda _: problem(status)) as asking, pytest.raises(Refused) as refused:
        asking.me()
    assert (refused.value.status, refused.value.type) == (ends, "limit-reached")
    assert str(refused.value) == f"A limit is reached ({status}): Too many."


def test_what_is_wrong_is_told_field_by_field_and_when_to_come_back() -> None:
    errors = [{"pointer": "/a", "detail": "no"}, {"pointer": "", "detail": "neither"}]
    answer = problem(429, errors=errors, headers={"retry-after": "7"})
    with client(lambda _: answer) as asking, pytest.raises(Refused) as refused:
        asking.me()
    assert refused.value.retry_after_s == 7
    assert str(refused.value).splitlines()[1:] == ["  /a: no", "  the body: neither", "Try again in 7 s."]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(302, headers={"location": "https://login.example"}),
        httpx.Response(502, text="bad gateway"),
        httpx.Response(500, text="{", headers={"content-type": "application/problem+json"}),
        httpx.Response(500, text="[]", headers={"content-type": "application/problem+json"}),
        httpx.Response(200, content=b"\xff\xfe"),
    ],
)
def test_something_else_that_answers_is_told_from_the_service(answer: httpx.Response) -> None:
    with client(lambda _: answer) as asking:
        for ask in (asking.me, asking.ready):
            with pytest.raises(Unreachable, match="not this service"):
                ask()


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("")]
)
def test_nobody_who_answers_is_told_of(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with client(fail) as asking, pytest.raises(Unreachable) as unreachable:
        asking.me()
    assert unreachable.value.status == Exit.UNREACHABLE


@pytest.mark.parametrize("url", ["nonsense", "http://[", "ftp://x", "http://\udcff"])
def test_what_is_no_address_is_told_of(url: str) -> None:
    with Client(url) as asking, pytest.raises(Unreachable):
        asking.me()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "—"), (True, "yes"), (["a", "b"], "a b"), ("a\x1b[31mb\nc\u202e", "a [31mb c "), (1.5, "1.5")],
)  # fmt: skip
def test_what_others_wrote_does_not_steer_the_terminal(value: Any, shown: str) -> None:
    assert text(value) == shown
