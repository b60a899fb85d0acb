"""What processes tell each other of new events: one Redis message for all that a process has to say at once.

Lines of UTF-8, so that a reader finds what it watches without parsing any JSON: for each job a head,
`job number session count`, followed by `count` events, each `number type {…}` as clients get them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

_NONE = "-"


@dataclass(slots=True)
class News:
    """Something happened to a job of which somebody may want to know, or to a session."""

    job_id: UUID | None
    seq: int = 0
    """The number of its newest event; 0 where the teller does not know it."""
    lines: list[tuple[int, str, str]] = field(default_factory=list)
    """Events up to `seq` without a gap, as (number, type, JSON), where they come along."""
    session_id: UUID | None = None
    """A session to which a job came, or that changed otherwise."""

    @property
    def size(self) -> int:
        """Characters of the events that come along."""
        return sum(len(line) for _, _, line in self.lines)


def packed(news: Iterable[News]) -> bytes:
    """As one message."""
    lines = []
    for one in news:
        job, session = (_NONE if id_ is None else id_.hex for id_ in (one.job_id, one.session_id))
        lines.append(f"{job} {one.seq} {session} {len(one.lines)}")
        lines.extend(f"{seq} {type_} {line}" for seq, type_, line in one.lines)
    return "\n".join(lines).encode()


@dataclass(slots=True)
class Told:
    """News as they are read: ids as they were spelled (hexadecimal), events unparsed."""

    job: bytes
    seq: int
    events: list[bytes]
    session: bytes


def unpacked(message: bytes) -> Iterator[Told]:
    """The news of a message."""
    lines = message.split(b"\n")
    at = 0
    while at < len(lines):
        job, seq, session, count = lines[at].split(b" ")
        events = lines[at + 1 : at + 1 + int(count)]
        at += 1 + len(events)
        yield Told(job, int(seq), events, session)


def event_of(line: bytes) -> tuple[int, str, bytes]:
    """Number, type and JSON of an event in a message."""
    seq, type_, text = line.split(b" ", 2)
    return int(seq), type_.decode(), text
