"""Event-stream messages, read back by the decoder of the clients that will read them."""

import base64
import json

import pytest
from botocore.eventstream import EventStreamBuffer

from sandbox.wire import eventstream, results


def decode(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(event.headers, event.payload) for event in buffer]


def test_an_event_comes_out_as_it_went_in() -> None:
    [(headers, payload)] = decode(eventstream.encode_event("result", {"text": "é\0\n"}))
    assert headers == {":event-type": "result", ":content-type": "application/json", ":message-type": "event"}
    assert json.loads(payload) == {"text": "é\0\n"}


def test_several_events_can_follow_each_other() -> None:
    stream = b"".join(eventstream.encode_event("result", {"n": n}) for n in range(3))
    assert [json.loads(payload)["n"] for _, payload in decode(stream)] == [0, 1, 2]


def test_an_exception_carries_its_kind_and_message() -> None:
    [(headers, payload)] = decode(eventstream.encode_exception("internalServerException", "broken"))
    assert (headers[":message-type"], headers[":exception-type"]) == ("exception", "internalServerException")
    assert json.loads(payload) == {"message": "broken"}


def test_a_lone_surrogate_is_escaped() -> None:
    [(_, payload)] = decode(eventstream.encode_event("result", {"text": "\ud800"}))
    assert json.loads(payload) == {"text": "\\ud800"}


def test_a_payload_that_clients_would_refuse_is_refused_here() -> None:
    with pytest.raises(ValueError, match="more than clients accept"):
        eventstream.encode_message({}, bytes(eventstream.MAX_PAYLOAD_BYTES + 1))


def test_a_long_file_comes_in_parts_that_join_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MAX_PART_BYTES", 1024)
    data = bytes(range(256)) * (results.MAX_PART_BYTES // 256 * 2 + 1)
    events = [json.loads(payload) for _, payload in decode(b"".join(results.file_events([("big.bin", data)])))]
    blocks = [block for event in events for block in event["content"]]
    assert [block["description"] for block in blocks] == ["part 1 of 3", "part 2 of 3", "part 3 of 3"]
    assert b"".join(base64.b64decode(block["resource"]["blob"]) for block in blocks) == data
