"""What comes over a session's control channel may be anything; what goes out as an event stream must always be read."""

from __future__ import annotations

import itertools
import json
import os
from datetime import UTC, datetime

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.files.workspace import BadPath, relative
from sandbox.inside.channel import MAX_REPLY_BYTES, BadFrame, FrameReader, encode
from sandbox.sessions.output import Output
from sandbox.wire import eventstream, results
from sandbox.wire.errors import ServiceError
from sandbox.wire.models import InvokeTool, ListSessions, StartSession, parse
from sandbox.wire.sigv4 import Verifier, canonical_request

MANY = settings(max_examples=5000 if os.environ.get("ATTACK") == "long" else 100)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
# As code in a session can write them: with every character there is, lone surrogates among them.
WHY = st.sampled_from([None, results.Why("run-ended", "timeout", "It took too long.")])
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces, as a socket may hand them over."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[low:high] for low, high in itertools.pairwise(ends)]


@MANY
@given(st.lists(st.binary(max_size=64), max_size=20))
def test_any_bytes_on_the_control_channel_are_objects_or_a_bad_frame(pieces: list[bytes]) -> None:
    reader = FrameReader()
    try:
        for piece in pieces:
            assert all(isinstance(frame, dict) for frame in reader.feed(piece))
            assert len(reader._buffer) <= MAX_REPLY_BYTES + 4 + len(piece)
    except BadFrame:
        pass


@MANY
@given(st.binary(max_size=MAX_REPLY_BYTES), st.lists(st.integers(0, 5000), max_size=5))
def test_any_body_in_a_frame_is_an_object_or_a_bad_frame(body: bytes, places: list[int]) -> None:
    reader = FrameReader()
    try:
        frames = [f for piece in cut(len(body).to_bytes(4) + body, places) for f in reader.feed(piece)]
    except BadFrame:
        return
    assert [type(frame) for frame in frames] == [dict]


@MANY
@given(st.lists(objects, max_size=5), st.lists(st.integers(0, 5000), max_size=10))
def test_frames_come_out_as_they_went_in_however_they_are_cut(messages: list[dict[str, object]], at: list[int]) -> None:
    reader = FrameReader()
    data = b"".join(encode(message) for message in messages)
    assert [frame for piece in cut(data, at) for frame in reader.feed(piece)] == messages


def decode(data: bytes) -> list[dict[str, object]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [json.loads(event.payload) for event in buffer]


@MANY
@given(any_text, any_text, st.integers(0, 255), st.floats(0, 1e6), WHY)
def test_any_run_is_an_event_that_botocore_reads(
    stdout: str, stderr: str, code: int, seconds: float, why: results.Why | None
) -> None:
    live, last = results.working(stdout, stderr), results.ended(stdout, stderr, code, seconds, why)
    for event in decode(results.result_event(live) + results.result_event(last)):
        assert event["structuredContent"]["stdout"] == stdout.encode("utf-8", "backslashreplace").decode()


@MANY
@given(st.dictionaries(st.text(min_size=1, max_size=50), st.text(max_size=50), max_size=5), st.binary(max_size=500))
def test_any_message_is_read_back_by_botocore(headers: dict[str, str], payload: bytes) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.encode_message(headers, payload))
    [event] = list(buffer)
    assert (event.headers, event.payload) == (headers, payload)


@MANY
@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=80)), max_size=30))
def test_any_output_is_text_in_order_and_within_its_bound(pieces: list[tuple[str, bytes]]) -> None:
    output = Output(1024, 4096)
    taken = []
    for stream, data in pieces:
        output.feed(stream, data)  # type: ignore[arg-type]
        taken += output.take()
    output.finish()
    taken += output.take()
    for name in ("stdout", "stderr"):
        text = "".join(piece for stream, piece in taken if stream == name)
        whole = b"".join(data for stream, data in pieces if stream == name)
        text.encode()
        if sum(len(data) for _, data in pieces) <= 1024:
            assert text == whole.decode("utf-8", "backslashreplace")
        else:
            assert len(text) <= 4 * 1024 + 100


@MANY
@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_of_a_request_is_read_or_an_error_of_the_model(body: bytes) -> None:
    for model in (StartSession, ListSessions, InvokeTool):
        try:
            parse(model, body)
        except ServiceError as error:
            assert error.status == 400 and json.dumps(error.body())


@MANY
@given(st.dictionaries(st.sampled_from(["authorization", "x-amz-date", "host"]), st.text(max_size=200)))
def test_any_authorization_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ServiceError) as refusal:
        Verifier("AKID", "secret").read_claim(headers, datetime.now(UTC))
    assert refusal.value.status == 403


@MANY
@given(any_text, any_text)
def test_any_path_and_query_can_be_signed(path: str, query: str) -> None:
    plain_path, plain_query = (text.encode("utf-8", "replace").decode() for text in (path, query))
    assert canonical_request("GET", plain_path, plain_query, {}, [], "").startswith("GET\n/")


@MANY
@given(any_text)
def test_any_path_of_a_file_stays_beneath_or_is_refused(path: str) -> None:
    try:
        inside = relative(path)
    except BadPath:
        return
    assert not inside.startswith("/") and not {"", ".", ".."} & set(inside.split("/"))
