"""One watcher's way through a job's, or a session's, events: where it stands, and what comes next.

A feed holds a position and no events. `take` gives what is there and never waits for more: for more, a consumer waits
for all its feeds at once, and is woken by those that have something.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol, TypeAlias
from uuid import UUID

from api.hub.topics import TELLING_PREFIXES, Frame, JobTopic, SessionTopic
from api.hub.vector import Vector
from core.jobs.reading import Head
from core.sessions.following import Member

Delivery: TypeAlias = tuple[str | None, Frame]
"""An event, with what a client resumes by after it; None with a hint that changes nothing of that."""


class Owner(Protocol):
    """Who is woken when a feed has something."""

    def notify(self, feed: JobFeed) -> None:
        """This feed has something."""


class Consumer:
    """Whoever takes from feeds: a stream has one, a socket many."""

    __slots__ = ("_waiter", "beat", "over", "ready")

    def __init__(self) -> None:
        self.ready: dict[JobFeed | SessionFeed, None] = {}
        """Feeds that have something, the one that waits longest first."""
        self.over = False
        """Stop: the client has gone, or the process is to."""
        self.beat = False
        """A sign of life is due."""
        self._waiter: asyncio.Future[None] | None = None

    def notify(self, feed: JobFeed | SessionFeed) -> None:
        """This feed has something."""
        self.ready[feed] = None
        self.wake()

    def end(self) -> None:
        """Stop soon."""
        self.over = True
        self.wake()

    def pulse(self) -> None:
        """Show a sign of life."""
        self.beat = True
        self.wake()

    def wake(self) -> None:
        """Go on, whatever for."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until there is something to do; at least until all others had their turn."""
        if self.ready or self.over or self.beat:
            await asyncio.sleep(0)
        else:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None


class JobFeed:
    """A job's events after a number: stored ones first, then as they come, up to the terminal one. Each exactly once
    and in order.
    """

    __slots__ = ("_hinted", "over", "owner", "seen", "topic")

    def __init__(self, topic: JobTopic, owner: Owner, after: int) -> None:
        self.topic = topic
        self.owner = owner
        self.seen = after
        """Number of the last event that was given."""
        self.over = False
        """The terminal event was given, or the job was deleted."""
        self._hinted = 0
        # First to be told of what comes, then to read what is there: nothing falls in between.
        topic.feeds.add(self)
        owner.notify(self)

    async def frames(self) -> list[Frame]:
        """Events that are there and were not given yet, from the row or as a page from Postgres."""
        topic = self.topic
        if topic.holds(self.seen):
            frames = topic.after(self.seen)
        else:
            frames = await topic.read(self.seen)
            if not frames and not topic.holds(self.seen):
                # There was more, and it can't be read: the job was deleted. Unless the reading had begun before.
                frames = await topic.read(self.seen)
                self.over = not frames
        if frames:
            self.seen = frames[-1].seq
            self.over = frames[-1].terminal
        elif topic.gone:
            self.over = True
        if not self.over and not (topic.holds(self.seen) and self.seen >= (topic.last or 0)):
            self.owner.notify(self)
        return frames

    def hint(self) -> Frame | None:
        """Its place in the queue, once for each that is worked out, and only at the end of what is stored."""
        topic = self.topic
        if topic.hint is None or self._hinted == topic.hint_number or self.over or self.seen != topic.last:
            return None
        self._hinted = topic.hint_number
        return topic.hint

    async def take(self) -> list[Delivery]:
        """What is there, for a consumer of any kind."""
        given: list[Delivery] = [(str(frame.seq), frame) for frame in await self.frames()]
        if (hint := self.hint()) is not None:
            given.append((None, hint))
        return given

    async def blocks(self) -> bytes:
        """The same as a stream of server-sent events has it."""
        frames = await self.frames()
        body = self.topic.encoded(frames) if frames else b""
        if (hint := self.hint()) is not None:
            body += b"event: queue.position\ndata: %s\n\n" % hint.line
        return body

    def close(self) -> None:
        """Be told no more."""
        self.topic.feeds.discard(self)


class Follows(Protocol):
    """What a session's feed asks of the hub."""

    def job_feed(self, job: Member | Head, owner: Owner, after: int) -> JobFeed:
        """A feed of a job that was just read."""

    async def page(self, job_id: UUID, after: int) -> tuple[list[Frame], bool]:
        """The next events of a job, and whether there are more."""

    def drop(self, feed: JobFeed | SessionFeed) -> None:
        """Close a feed, and forget its topic with the last."""


class SessionFeed:
    """All events of all jobs of a session beyond a vector, those of jobs that come later as well.

    Within a job in order and each exactly once; jobs beside each other as they come. What ended long ago is read page
    by page, a job after the other, beside what happens now.
    """

    __slots__ = ("_feeds", "_hub", "_old", "_reached", "_ready", "_told", "over", "owner", "topic", "vector")

    def __init__(self, hub: Follows, topic: SessionTopic, owner: Consumer, vector: Vector) -> None:
        self._hub = hub
        self.topic = topic
        self.owner = owner
        self.vector = vector
        self.over = False
        self._reached = vector.done
        """All jobs up to this arrival are followed, wait to be read, or are done with."""
        self._feeds: dict[JobFeed, int] = {}
        self._ready: dict[JobFeed, None] = {}
        self._old: deque[Member] = deque()
        self._told = 0
        topic.feeds.add(self)
        owner.notify(self)

    def notify(self, feed: JobFeed) -> None:
        """A job of the session has something."""
        self._ready[feed] = None
        self.owner.notify(self)

    async def take(self) -> list[Delivery]:
        """What is there: of one job that is live, and of one that has ended."""
        given: list[Delivery] = []
        if self._told != self.topic.update_number and self.topic.update is not None:
            self._told = self.topic.update_number
            given.append((self.vector.written(self.topic.session_id), self.topic.update))
        if self._ready:
            feed = next(iter(self._ready))
            del self._ready[feed]
            given += await self._live(feed)
        if self._old:
            given += await self._ended()
        elif self._reached < self.topic.arrivals:
            await self._discover()
        if self._ready or self._old or self._reached < self.topic.arrivals:
            self.owner.notify(self)
        return given

    async def blocks(self) -> bytes:
        """The same as a stream of server-sent events has it."""
        return b"".join(
            b"%sevent: %s\ndata: %s\n\n"
            % (b"" if id_ is None else b"id: %s\n" % id_.encode(), frame.type.encode(), frame.line)
            for id_, frame in await self.take()
        )

    def close(self) -> None:
        """Be told no more, of any job."""
        self.topic.feeds.discard(self)
        for feed in self._feeds:
            self._hub.drop(feed)
        self._feeds.clear()
        self._ready.clear()

    async def _live(self, feed: JobFeed) -> list[Delivery]:
        arrival = self._feeds[feed]
        given = self._given(arrival, await feed.frames())
        if feed.over:
            self.vector.finish(arrival)
            del self._feeds[feed]
            self._ready.pop(feed, None)
            self._hub.drop(feed)
        elif (hint := feed.hint()) is not None:
            given.append((None, hint))
        return given

    async def _ended(self) -> list[Delivery]:
        """The next page of the oldest job that is still to be read."""
        member = self._old[0]
        frames, more = await self._hub.page(member.id, self.vector[member.arrival])
        given = self._given(member.arrival, frames)
        if not more:
            self.vector.finish(member.arrival)
            self._old.popleft()
        return given

    async def _discover(self) -> None:
        """Jobs that are not known yet: live ones are followed, ended ones wait to be read."""
        arrivals = self.topic.arrivals
        members = await self.topic.members(self._reached)
        expected = self._reached + 1
        for member in members:
            for deleted in range(expected, member.arrival):
                self.vector.finish(deleted)
            expected = member.arrival + 1
            seen = min(self.vector[member.arrival], member.last_seq)
            if not member.state.terminal:
                feed = self._hub.job_feed(member, self, seen)
                self._feeds[feed] = member.arrival
            elif seen < member.last_seq:
                self._old.append(member)
            else:
                self.vector.finish(member.arrival)
        if not members:
            for deleted in range(expected, arrivals + 1):
                self.vector.finish(deleted)
            expected = max(expected, arrivals + 1)
        self._reached = expected - 1
        self.topic.came(self._reached)

    def _given(self, arrival: int, frames: list[Frame]) -> list[Delivery]:
        given: list[Delivery] = []
        for frame in frames:
            self.vector[arrival] = frame.seq
            if frame.terminal:
                self.vector.finish(arrival)
            given.append((self.vector.written(self.topic.session_id), frame))
            if frame.type.startswith(TELLING_PREFIXES):
                self.topic.changed = True
        return given
