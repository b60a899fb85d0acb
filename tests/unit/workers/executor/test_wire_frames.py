"""One result of the wire, as AWS sends it and as our own server does."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, EventStreamError

from workers.executor.agentcore import (
    Frame,
    SandboxBusy,
    SandboxError,
    SandboxFull,
    SandboxGone,
    SandboxRefuses,
    SandboxUnreachable,
    _translated,
)

OWN_WORDS = {"type": "text", "name": "run-ended", "description": "memory-limit", "text": "It took too much memory."}


@pytest.mark.parametrize(
    ("result", "frame"),
    [
        ({}, Frame("", "", False, [], None)),
        ({"structuredContent": {"stdout": "o", "stderr": "e"}}, Frame("o", "e", False, [], None)),
        ({"content": [{"type": "text", "text": "o"}]}, Frame("o", "", False, [{"type": "text", "text": "o"}], None)),
        ({"structuredContent": {"stdout": ""}, "isError": True}, Frame("", "", True, [], None)),
        ({"structuredContent": None, "content": None}, Frame("", "", False, [], None)),
        (
            {"structuredContent": {"stdout": "o", "stderr": "e\nIt took too much memory.\n"}, "content": [OWN_WORDS]},
            Frame("o", "e\n", False, [OWN_WORDS], "memory-limit"),
        ),
    ],
    ids=["empty", "structured", "content only", "error", "nulls", "ended by the server"],
)
def test_a_result_becomes_a_frame(result: dict[str, Any], frame: Frame) -> None:
    assert Frame.parse(result) == frame


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFoundException", SandboxGone),
        ("ConflictException", SandboxBusy),
        ("ServiceQuotaExceededException", SandboxFull),
        ("ThrottlingException", SandboxFull),
        ("AccessDeniedException", SandboxRefuses),
        ("InternalServerException", SandboxError),
    ],
)
def test_an_error_is_known_by_its_code_in_an_answer_and_in_a_stream(code: str, kind: type[SandboxError]) -> None:
    said = {"Error": {"Code": code, "Message": "words"}}
    in_stream = {"Error": {"Code": code[0].lower() + code[1:], "Message": "words"}}
    for error in (ClientError(said, "Invoke"), EventStreamError(in_stream, "Invoke")):  # type: ignore[arg-type]
        translated = _translated(error)
        assert type(translated) is kind
        assert translated.message == "words"


def test_no_answer_is_unreachable() -> None:
    assert type(_translated(EndpointConnectionError(endpoint_url="http://x"))) is SandboxUnreachable
    assert type(_translated(ConnectionResetError())) is SandboxUnreachable
