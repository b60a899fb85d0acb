"""How server, zygote and runner talk: frames of a length and JSON, and one signal.

The end in a session is in untrusted hands: whoever reads from it bounds the size and checks the shape of each frame.
"""

from __future__ import annotations

import json
import signal
import socket
import struct
from typing import Any, Final

HEADER: Final = struct.Struct("!I")
MAX_REPLY_BYTES: Final = 16384
"""The longest frame the server accepts from a session: replies are small, the prompt of a question is bounded, and
output goes through pipes."""
WAKE: Final = signal.SIGURG
"""Ends a blocking call of the runner's and says nothing. Where it is not handled, it is ignored (signal(7))."""


def encode(message: dict[str, Any]) -> bytes:
    """One frame."""
    body = json.dumps(message).encode()
    return HEADER.pack(len(body)) + body


def receive(link: socket.socket) -> dict[str, Any] | None:
    """Block for one frame from the trusted side; None when the other end is gone."""
    header = _exactly(link, HEADER.size)
    if header is None:
        return None
    body = _exactly(link, HEADER.unpack(header)[0])
    if body is None:
        return None
    message: dict[str, Any] = json.loads(body)
    return message


def _exactly(link: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = link.recv(min(count - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


class BadFrame(ValueError):
    """A session sent something that is no frame: too long, not JSON, or not an object."""


class FrameReader:
    """Frames out of the bytes an untrusted end sends, bounded in size."""

    def __init__(self, limit: int = MAX_REPLY_BYTES) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The frames completed by `data`. Raises BadFrame; the reader is of no use after that."""
        self._buffer += data
        frames = []
        while len(self._buffer) >= HEADER.size:
            length = HEADER.unpack_from(self._buffer)[0]
            if length > self._limit:
                raise BadFrame(f"a frame of {length} bytes")
            if len(self._buffer) < HEADER.size + length:
                break
            body = bytes(self._buffer[HEADER.size : HEADER.size + length])
            del self._buffer[: HEADER.size + length]
            try:
                message = json.loads(body)
            except (ValueError, RecursionError) as error:
                raise BadFrame("a frame that is not JSON") from error
            if not isinstance(message, dict):
                raise BadFrame("a frame that is not an object")
            frames.append(message)
        return frames
