"""How far a reader of a session has come: for each of its jobs the number of the last event that it was given.

Kept, and written down for the reader, as runs of jobs with the same number: however many jobs a session has, those
that have ended are one number, and those that wait in line are one run.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from uuid import UUID

LONGEST = 16_384
"""Characters of a written vector that are read at all."""
_HIGHEST = 2**31 - 1
_UNPACKED_LIMIT = 256 * 1024
_WORTH_PACKING = 64
_PLAIN, _PACKED = b"\x00", b"\x01"


class NotAVector(ValueError):
    """The text was not written by us, or not for this session."""


class Vector:
    """Jobs are named by their arrival in the session: 1, 2, 3 …"""

    __slots__ = ("_over", "_starts", "_values", "done")

    def __init__(self, done: int = 0) -> None:
        self.done = done
        """All jobs up to this arrival have ended and were given to the last event."""
        self._starts = [done + 1]
        """Where each run begins; the last one, of jobs that nothing was given of, has no end."""
        self._values = [0]
        self._over: set[int] = set()
        """Jobs past `done` of which nothing more will come."""

    def __getitem__(self, arrival: int) -> int:
        return self._values[bisect_right(self._starts, arrival) - 1] if arrival > self.done else _HIGHEST

    def __setitem__(self, arrival: int, seq: int) -> None:
        starts, values = self._starts, self._values
        at = bisect_right(starts, arrival) - 1
        before = values[at]
        if arrival <= self.done or before == seq:
            return
        runs = [(starts[at], before)] if starts[at] < arrival else []
        runs.append((arrival, seq))
        if at + 1 == len(starts) or arrival + 1 < starts[at + 1]:
            runs.append((arrival + 1, before))
        starts[at : at + 1] = [start for start, _ in runs]
        values[at : at + 1] = [value for _, value in runs]
        for place in range(min(at + len(runs), len(starts) - 1), max(at - 1, 0), -1):
            if values[place] == values[place - 1]:
                del starts[place], values[place]

    @property
    def reach(self) -> int:
        """The highest arrival of which anything is known."""
        return self._starts[-1] - 1

    def finish(self, arrival: int) -> None:
        """Nothing more will come of this job: it has ended and was given whole, or it was deleted."""
        if arrival <= self.done:
            return
        self._over.add(arrival)
        if arrival != self.done + 1:
            return
        while self.done + 1 in self._over:
            self.done += 1
            self._over.remove(self.done)
        first = max(bisect_right(self._starts, self.done + 1) - 1, 0)
        del self._starts[:first], self._values[:first]
        self._starts[0] = self.done + 1

    def written(self, session_id: UUID) -> str:
        """As the opaque text that a reader resumes by: letters, digits, `-` and `_`."""
        numbers = [self.done]
        for start, end, value in zip(self._starts, self._starts[1:], self._values, strict=False):
            numbers += (end - start, value)
        body = b"".join(_varint(number) for number in numbers)
        body = _PACKED + zlib.compress(body, 1) if len(body) > _WORTH_PACKING else _PLAIN + body
        return base64.urlsafe_b64encode(_sum(session_id, body) + body).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, session_id: UUID) -> Vector:
        """What `written` wrote for the same session. Raises NotAVector."""
        if not text or len(text) > LONGEST or not text.isascii():
            raise NotAVector("it has not the form of one")
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise NotAVector("it has not the form of one") from None
        if raw[:4] != _sum(session_id, raw[4:]):
            raise NotAVector("it is not of this session")
        numbers = list(_varints(_unpacked(raw[4:])))
        if len(numbers) % 2 == 0 or max(numbers) > _HIGHEST:
            raise NotAVector("its numbers are not right")
        vector = cls(numbers[0])
        start = vector.done + 1
        vector._starts, vector._values = [], []
        for length, value in zip(numbers[1::2], numbers[2::2], strict=True):
            if not length or (vector._values and vector._values[-1] == value):
                raise NotAVector("its runs are not right")
            vector._starts.append(start)
            vector._values.append(value)
            start += length
        if start > _HIGHEST or (vector._values and vector._values[-1] == 0):
            raise NotAVector("its runs are not right")
        vector._starts.append(start)
        vector._values.append(0)
        return vector


def _sum(session_id: UUID, body: bytes) -> bytes:
    """Tells a slip from a vector: it keeps nobody from writing one, who then misses events of his own."""
    return zlib.crc32(session_id.bytes + body).to_bytes(4, "big")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varints(body: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in body:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0
        elif shift > 28:
            raise NotAVector("its numbers are not right")
    if shift:
        raise NotAVector("it breaks off")


def _unpacked(body: bytes) -> bytes:
    kind, body = body[:1], body[1:]
    if kind == _PACKED:
        unpacking = zlib.decompressobj()
        try:
            body = unpacking.decompress(body, _UNPACKED_LIMIT)
        except zlib.error:
            raise NotAVector("it can't be unpacked") from None
        if not unpacking.eof:
            raise NotAVector("it can't be unpacked")
    elif kind != _PLAIN:
        raise NotAVector("its form is not known")
    if not body:
        raise NotAVector("it is empty")
    return body
