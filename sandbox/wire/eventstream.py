"""Encoding of `application/vnd.amazon.eventstream` messages.

A message is: total length, length of the headers, CRC-32 of these 8 bytes, headers, payload, CRC-32 of all before;
integers are big-endian (Smithy, "Amazon Event Stream Specification"). botocore can only decode it, and takes payloads
of up to 24 MB.
"""

from __future__ import annotations

import json
import re
import struct
from binascii import crc32
from collections.abc import Mapping
from typing import Final

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"
MAX_PAYLOAD_BYTES: Final = 24 * 1024 * 1024
_STRING: Final = 7
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message with string headers. Raises ValueError for a payload that clients would refuse."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {len(payload)} bytes is more than clients accept")
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text


def encode_event(kind: str, content: Mapping[str, object]) -> bytes:
    """An event with a JSON payload. A lone surrogate becomes a visible escape; NaN can't occur."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    text = json.dumps(content, ensure_ascii=False)
    try:
        payload = text.encode()
    except UnicodeEncodeError:
        payload = _LONE_SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text).encode()
    return encode_message(headers, payload)


def encode_exception(kind: str, message: str) -> bytes:
    """A modelled exception in mid-stream; `kind` is the member's name, such as `internalServerException`."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return encode_message(headers, json.dumps({"message": message}).encode())
