"""Takes the harness's marks out of what a program prints (`workers.executor.harness.channel` says how they look).

The nonce is new for each run, and still anything may be forged: a program can find it. What comes of a mark is checked
as the report is, and at worst a run's own outputs stand in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BODY_LIMIT = 200_000
"""Characters of a mark's body; what claims to be longer is no mark."""
HEAD = re.compile(r"([a-z]{1,10}):([0-9]{1,5}):([0-9]{1,6})\]\]")
LONGEST_HEAD = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """One of them."""

    kind: str
    number: int
    body: str


class Marks:
    """Reads one run's standard output, piece by piece."""

    def __init__(self, nonce: str) -> None:
        self._begin = f"[[aci:{nonce}:"
        self._rest = ""
        self._open: tuple[str, int] | None = None
        self._pieces: list[str] = []
        self._missing = 0

    def feed(self, text: str) -> Iterator[str | Mark]:
        """The text and the marks in it, in order. What may be the beginning of a mark waits for the next piece."""
        text, self._rest = self._rest + text, ""
        at = 0
        while at < len(text):
            if self._open is not None:
                part = text[at : at + self._missing]
                self._pieces.append(part)
                self._missing -= len(part)
                at += len(part)
                if self._missing:
                    return
                yield self._close()
                continue
            found = text.find(self._begin, at)
            if found < 0:
                keep = self._beginning(text, at)
                if keep > at:
                    yield text[at:keep]
                self._rest = text[keep:]
                return
            if found > at:
                yield text[at:found]
            at = found + len(self._begin)
            head = HEAD.match(text, at)
            if head is None and len(text) - at < LONGEST_HEAD and "\n" not in text[at:]:
                self._rest = text[found:]
                return
            if head is None or int(head[3]) > BODY_LIMIT:
                yield self._begin  # only looks like one
                continue
            at = head.end()
            self._open, self._missing = (head[1], int(head[2])), int(head[3])
            if not self._missing:
                yield self._close()

    def rest(self) -> str:
        """What was waiting when the output ended: text after all. A mark without its end is dropped."""
        rest, self._rest = self._rest, ""
        return "" if self._open is not None else rest

    def _close(self) -> Mark:
        assert self._open is not None
        kind, number = self._open
        body, self._open, self._pieces = "".join(self._pieces), None, []
        return Mark(kind, number, body)

    def _beginning(self, text: str, at: int) -> int:
        """Where a beginning of a mark stands at the end of the text; its length if none does."""
        for start in range(max(at, len(text) - len(self._begin) + 1), len(text)):
            if self._begin.startswith(text[start:]):
                return start
        return len(text)
