"""What a run prints, from raw pipes to bounded text in the order in which it came.

Bytes that are no UTF-8 become visible escapes. Past the first bound the rest is dropped behind a mark and the run goes
on; past the second the run is a flood, which the session ends.
"""

from __future__ import annotations

import codecs
from typing import Final, Literal

Stream = Literal["stdout", "stderr"]
_STREAMS: Final[tuple[Stream, ...]] = ("stdout", "stderr")


class Output:
    """Collects one run's output; `take` hands over what has not been taken yet."""

    def __init__(self, kept_bytes: int, flood_bytes: int) -> None:
        self._kept_bytes = kept_bytes
        self._flood_bytes = flood_bytes
        self._seen = 0
        self._pending: list[tuple[Stream, list[str]]] = []
        make_decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: make_decoder("backslashreplace") for name in _STREAMS}

    @property
    def flooded(self) -> bool:
        """More came than any reader could want."""
        return self._seen > self._flood_bytes

    @property
    def waiting(self) -> bool:
        """There is something to take."""
        return bool(self._pending)

    def feed(self, stream: Stream, data: bytes) -> None:
        """Add what a pipe gave."""
        room = self._kept_bytes - self._seen
        self._seen += len(data)
        if room >= 0:
            self._add(stream, self._decoders[stream].decode(data[:room]))
            if len(data) > room:
                self._add(stream, f"\n[output cut after {self._kept_bytes // 1024} KB]\n")

    def note(self, text: str) -> None:
        """Add a sentence of the server's own, whatever has been cut."""
        self._add("stderr", text)

    def finish(self) -> None:
        """The run has ended: whatever half a character is left is shown as an escape."""
        for stream in _STREAMS:
            self._add(stream, self._decoders[stream].decode(b"", final=True))

    def take(self) -> list[tuple[Stream, str]]:
        """The pieces since the last call, neighbours of the same stream joined."""
        taken = [(stream, "".join(parts)) for stream, parts in self._pending]
        self._pending = []
        return taken

    def _add(self, stream: Stream, text: str) -> None:
        if not text:
            return
        if self._pending and self._pending[-1][0] == stream:
            self._pending[-1][1].append(text)
        else:
            self._pending.append((stream, [text]))
