"""What the process knows of one watched job, or of one watched session, for all who watch it.

A topic keeps the newest events of its job in a row without a gap. Whoever stands in that row is served from it, at the
price of a copy; whoever stands further back reads Postgres at its own pace, page by page, until it has caught up. So a
watcher has no queue that could fill up, and an event is spelled once, however many watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from core.events.log import TERMINAL_TYPES
from core.events.news import Told, event_of
from core.ids import Prefix, encode
from core.sessions.following import Member

if TYPE_CHECKING:
    from api.hub.feeds import JobFeed, SessionFeed

ROW_BYTES = 256 * 1024
"""What a topic keeps at most, for those who come a little later."""
ROW_BYTES_CROWDED = 8 * 1024
"""The same when all topics together have much."""
CROWDED_BYTES = 64 * 1024 * 1024
MEMBERS_AT_ONCE = 500

QUEUED_TYPES = frozenset({"job.queued", "job.retrying"})
"""After these a job waits for its turn."""
TELLING_PREFIXES = ("job.", "sandbox.")
"""Events after which a session is shown differently."""


class Frame:
    """One event as it is sent: spelled once, shared by all who get it. Hints have the number 0."""

    __slots__ = ("line", "seq", "type")

    def __init__(self, seq: int, type_: str, line: bytes) -> None:
        self.seq = seq
        self.type = type_
        self.line = line
        """One JSON object."""

    @property
    def terminal(self) -> bool:
        """The last of its job."""
        return self.type in TERMINAL_TYPES


class Reads(Protocol):
    """What topics ask of their hub."""

    kept_bytes: int

    async def page(self, job_id: UUID, after: int) -> tuple[list[Frame], bool]:
        """The next events from Postgres, and whether there are more; waits for a database that is away."""

    async def members(self, session_id: UUID, after: int) -> list[Member]:
        """The next jobs of a session, likewise."""

    def fill(self, topic: JobTopic) -> None:
        """Read what the topic misses, soon."""


class JobTopic:
    """One watched job."""

    __slots__ = (
        "_hub",
        "_reads",
        "_sent",
        "base",
        "feeds",
        "gone",
        "hint",
        "hint_number",
        "idle",
        "job_id",
        "known",
        "last",
        "place",
        "queued",
        "row",
        "size",
    )

    def __init__(self, hub: Reads, job_id: UUID, *, queued: bool) -> None:
        self._hub = hub
        self.job_id = job_id
        self.feeds: set[JobFeed] = set()
        self.base = 0
        """The row begins after this number."""
        self.last: int | None = None
        """It ends with this one; None: nothing is known yet."""
        self.row: list[Frame] = []
        self.size = 0
        self.known = 0
        """The highest number that was heard of."""
        self.gone = False
        """It was deleted."""
        self.queued = queued
        """It waits for its turn, as far as is known."""
        self.hint: Frame | None = None
        """Its place in the queue."""
        self.hint_number = 0
        """Goes up with every new hint."""
        self.place: tuple[int, float | None, float] | None = None
        """What the hint says, and when it was said."""
        self.idle = 0
        """Looks of the upkeep since something came."""
        self._reads: dict[int, asyncio.Task[list[Frame]]] = {}
        self._sent: tuple[int, int, bytes] | None = None

    # --- what comes -----------------------------------------------------------------------------------------

    def told(self, news: Told) -> None:
        """Something was published of the job."""
        frames = []
        for line in news.events:
            frame = Frame(*event_of(line))
            if frame.terminal:  # it is read, with its whole job
                break
            frames.append(frame)
        self.known = max(self.known, news.seq)
        if frames:
            self.extend(frames)
        if self.last is not None and (self.last < self.known or not news.seq):
            self._hub.fill(self)

    def extend(self, frames: Iterable[Frame]) -> None:
        """Take events of which the row may have some already. One that does not follow is left for a reading."""
        more = False
        for frame in frames:
            if self.last is None:
                self.base = self.last = frame.seq - 1
            if frame.seq == self.last + 1:
                self.last = frame.seq
                self.row.append(frame)
                self.size += len(frame.line)
                self._hub.kept_bytes += len(frame.line)
                self._note(frame)
                more = True
            elif frame.seq > self.last:
                self.known = max(self.known, frame.seq)
                break
        if self.last is not None:
            self.known = max(self.known, self.last)
        if more:
            self.idle = 0
            self._trim(ROW_BYTES if self._hub.kept_bytes < CROWDED_BYTES else ROW_BYTES_CROWDED)
            self.wake()

    def _note(self, frame: Frame) -> None:
        if frame.type in QUEUED_TYPES:
            self.queued = True
        elif self.queued and frame.type.startswith("job."):
            self.queued, self.hint, self.place = False, None, None

    def _trim(self, most: int) -> None:
        count = 0
        while self.size > most and count < len(self.row) - 1:
            size = len(self.row[count].line)
            self.size -= size
            self._hub.kept_bytes -= size
            count += 1
        if count:
            self.base = self.row[count - 1].seq
            del self.row[:count]

    def forget_row(self) -> None:
        """Let go of what is kept for latecomers: they find it in Postgres."""
        if self.row:
            self._hub.kept_bytes -= self.size
            self.base, self.size = self.row[-1].seq, 0
            self.row.clear()
        self._sent = None

    def give_hint(self, position: int, eta_s: float | None, now: float) -> None:
        """Its place in the queue, where that is news: a wait that only gets shorter by the clock is none."""
        if self.place is not None:
            told, told_eta, at = self.place
            if told == position and (told_eta is None) == (eta_s is None):
                expected = None if told_eta is None else max(told_eta - (now - at), 0.0)
                if eta_s is None or expected is None or abs(eta_s - expected) <= max(2.0, 0.2 * expected):
                    return
        self.place = (position, eta_s, now)
        eta = "null" if eta_s is None else f"{eta_s:g}"
        line = (
            f'{{"job_id":"{encode(Prefix.JOB, self.job_id)}","type":"queue.position",'
            f'"position":{position},"eta_s":{eta}}}'
        )
        self.hint = Frame(0, "queue.position", line.encode())
        self.hint_number += 1
        self.wake()

    def vanish(self) -> None:
        """The job was deleted."""
        self.gone, self.queued = True, False
        self.wake()

    def wake(self) -> None:
        """Let all who watch look."""
        for feed in self.feeds:
            feed.owner.notify(feed)

    def begin_at(self, seq: int) -> None:
        """Postgres was seen to have nothing beyond this number. What has come since is read with what others miss."""
        if self.last is None:
            self.base = self.last = seq
            self._hub.fill(self)

    # --- what is taken --------------------------------------------------------------------------------------

    def holds(self, seen: int) -> bool:
        """Whether all that follows this number is in the row."""
        return self.last is not None and seen >= self.base

    def after(self, seen: int) -> list[Frame]:
        """What follows, from the row."""
        return self.row[max(seen - self.base, 0) :]

    async def read(self, after: int) -> list[Frame]:
        """What follows, from Postgres: a page. Those who ask for the same at the same time are given the same."""
        task = self._reads.get(after)
        if task is None:
            task = self._reads[after] = asyncio.create_task(self._read(after), name="hub-page")
            task.add_done_callback(lambda _: self._reads.pop(after, None))
        return await asyncio.shield(task)

    async def _read(self, after: int) -> list[Frame]:
        frames, more = await self._hub.page(self.job_id, after)
        # What was published since has come to the row, which was there before the reading began.
        if self.last is None and not frames:
            self.base = self.last = after
        if self.last is not None or not more:
            self.extend(frames)
        if self.last is not None and (self.last < self.known or (more and self.last <= frames[-1].seq)):
            self._hub.fill(self)
        return frames

    def encoded(self, frames: list[Frame]) -> bytes:
        """These events as a stream of the job sends them; made once for all who are given the same."""
        first, last = frames[0].seq, frames[-1].seq
        if self._sent is None or self._sent[:2] != (first, last):
            self._sent = (
                first,
                last,
                b"".join(
                    b"id: %d\nevent: %s\ndata: %s\n\n" % (frame.seq, frame.type.encode(), frame.line)
                    for frame in frames
                ),
            )
        return self._sent[2]


class SessionTopic:
    """One watched session."""

    __slots__ = (
        "_hub",
        "_reads",
        "arrivals",
        "changed",
        "feeds",
        "seen_change",
        "session_id",
        "update",
        "update_number",
    )

    def __init__(self, hub: Reads, session_id: UUID, arrivals: int) -> None:
        self._hub = hub
        self.session_id = session_id
        self.feeds: set[SessionFeed] = set()
        self.arrivals = arrivals
        """Jobs that came to it, as far as was heard."""
        self.changed = True
        """It may be shown differently by now."""
        self.seen_change: object = None
        """When it was changed last, by its row."""
        self.update: Frame | None = None
        """The session as it is shown."""
        self.update_number = 0
        self._reads: dict[int, asyncio.Task[list[Member]]] = {}

    def came(self, arrival: int) -> None:
        """Jobs came, up to this one."""
        if arrival > self.arrivals:
            self.arrivals = arrival
            self._reads.clear()  # one that has begun may not see it
            self.changed = True
            self.wake()

    def give_update(self, line: bytes) -> None:
        """The session as it is shown now; nothing, where that is as before."""
        if self.update is None or self.update.line != line:
            self.update = Frame(0, "session.updated", line)
            self.update_number += 1
            self.wake()

    def wake(self) -> None:
        """Let all who watch look."""
        for feed in self.feeds:
            feed.owner.notify(feed)

    async def members(self, after: int) -> list[Member]:
        """The next jobs; those who ask for the same at the same time are given the same."""
        task = self._reads.get(after)
        if task is None:
            task = self._reads[after] = asyncio.create_task(self._hub.members(self.session_id, after), name="hub-jobs")
            task.add_done_callback(lambda _: self._reads.pop(after, None))
        return await asyncio.shield(task)
