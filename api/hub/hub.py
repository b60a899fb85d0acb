"""All topics of one API process, and what keeps them up to date: one connection to Redis, and Postgres.

Redis only hints. What was never published is found by comparing the numbers of all watched jobs with Postgres, in one
query every two seconds and after every (re)subscribe; what a topic misses is read for many topics at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import redis.asyncio
from pydantic_core import to_json
from redis.exceptions import RedisError

from api.hub.feeds import Consumer, JobFeed, Owner, SessionFeed
from api.hub.topics import MEMBERS_AT_ONCE, Frame, JobTopic, SessionTopic
from api.hub.vector import Vector
from core.channels import EVENTS
from core.database.pool import DATABASE_FAULTS, Pool
from core.events import log
from core.events.news import unpacked
from core.jobs import position, reading
from core.jobs.job import Job
from core.jobs.reading import Head
from core.sessions import following
from core.sessions import repository as sessions
from core.sessions.following import Member
from core.settings import Settings

logger = logging.getLogger(__name__)

COMPARE_EVERY_S = 2.0
COMPARE_EVERY_ALONE_S = 0.25
"""While Redis is away, Postgres is all there is."""
RECONNECT_S = 0.5
TIMEOUT_S = 5.0
AGAIN_S = 0.5
"""Before Postgres is asked again after it could not be reached."""
FILLED_AT_ONCE = 64
"""Topics whose missing events one query reads."""
TICK_S = 1.0
BEATS = 15
"""Ticks between two signs of life of a stream."""
IDLE_TICKS = 10
"""After which a topic that nothing came to keeps no events for latecomers."""
HINT_SHARE = 20
"""Working out places may take this part of the time, where the queues are so long that it takes long."""

Answer = TypeVar("Answer")


class Hub:
    """Made once a process."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._pool = pool
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=None,  # a reader waits as long as nothing happens
            socket_connect_timeout=TIMEOUT_S,
            socket_keepalive=True,
            health_check_interval=10,
        )
        self._jobs: dict[bytes, JobTopic] = {}
        self._sessions: dict[bytes, SessionTopic] = {}
        """By the id, as it is spelled in messages."""
        self._consumers: set[Consumer] = set()
        self._beats: list[set[Consumer]] = [set() for _ in range(BEATS)]
        """Consumers by the tick that asks for their sign of life, so that they are not all asked at once."""
        self._joined = 0
        self._missing: dict[JobTopic, None] = {}
        """Topics for which something is to be read."""
        self._some_missing = asyncio.Event()
        self._stirred: dict[UUID, None] = {}
        """Sessions to which a job may have come."""
        self._some_stirred = asyncio.Event()
        self.kept_bytes = 0
        """Of events in all topics."""
        self.connected = False
        """Whether Redis is there, and has taken the subscription."""
        self._compare_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.closing = False

    async def __aenter__(self) -> Self:
        duties = {
            "hub": self._listen_forever,
            "hub-compare": self._compare_forever,
            "hub-fill": self._fill_forever,
            "hub-sessions": self._look_at_stirred_forever,
            "hub-tick": self._tick_forever,
            "hub-hints": self._hint_forever,
        }
        self._tasks = [asyncio.create_task(duty(), name=name) for name, duty in duties.items()]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    def end_streams(self) -> None:
        """Let every stream and socket come to its end: the process is to stop, and clients go on elsewhere."""
        self.closing = True
        for consumer in self._consumers:
            consumer.end()

    # --- watching -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def consumer(self) -> Iterator[Consumer]:
        """Somebody who follows feeds, inside the block."""
        consumer = Consumer()
        consumer.over = self.closing
        self._joined += 1
        beat = self._beats[self._joined % BEATS]
        self._consumers.add(consumer)
        beat.add(consumer)
        try:
            yield consumer
        finally:
            self._consumers.discard(consumer)
            beat.discard(consumer)

    def job_feed(self, job: Head | Job | Member, owner: Owner, after: int) -> JobFeed:
        """A feed of a job that was just read. Whether its events are for the asker is checked before."""
        topic = self._jobs.get(job.id.hex.encode())
        if topic is None:
            topic = self._jobs[job.id.hex.encode()] = JobTopic(self, job.id, queued=job.state == "queued")
        feed = JobFeed(topic, owner, after)
        if after == job.last_seq:
            topic.begin_at(after)
        return feed

    def session_feed(self, session: sessions.Session, arrivals: int, owner: Consumer, vector: Vector) -> SessionFeed:
        """A feed of a session that was just read. Whether it is the asker's is checked before."""
        topic = self._sessions.get(session.id.hex.encode())
        if topic is None:
            topic = self._sessions[session.id.hex.encode()] = SessionTopic(self, session.id, arrivals)
        topic.came(arrivals)
        topic.give_update(_update_of(session))
        return SessionFeed(self, topic, owner, vector)

    def drop(self, feed: JobFeed | SessionFeed) -> None:
        """Close a feed, and forget its topic with the last."""
        feed.close()
        topic = feed.topic
        if topic.feeds:
            return
        if isinstance(topic, JobTopic):
            topic.forget_row()
            self._missing.pop(topic, None)
            self._jobs.pop(topic.job_id.hex.encode(), None)
        else:
            self._sessions.pop(topic.session_id.hex.encode(), None)

    async def wait_for_end(self, job: Job, seconds: float) -> None:
        """Until a job ends that had not when it was read, or the time is over, or the process is to stop."""
        with self.consumer() as consumer:
            feed = self.job_feed(job, consumer, job.last_seq)
            try:
                async with asyncio.timeout(seconds):
                    while not (feed.over or consumer.over):
                        consumer.ready.clear()
                        consumer.beat = False
                        await feed.frames()
                        if not feed.over:
                            await consumer.wait()
            except TimeoutError:
                pass
            finally:
                self.drop(feed)

    # --- what topics and feeds ask for ----------------------------------------------------------------------

    async def page(self, job_id: UUID, after: int) -> tuple[list[Frame], bool]:
        """The next events of a job from Postgres, and whether there are more."""
        found = await self._insisting(lambda: self._pages({job_id: after}))
        return found.get(job_id, ([], False))

    async def members(self, session_id: UUID, after: int) -> list[Member]:
        """The next jobs of a session from Postgres."""
        return await self._insisting(lambda: following.members(self._pool, session_id, after, MEMBERS_AT_ONCE))

    def fill(self, topic: JobTopic) -> None:
        """Read what the topic misses, soon, with what others miss."""
        self._missing[topic] = None
        self._some_missing.set()

    async def _pages(self, after: dict[UUID, int]) -> dict[UUID, tuple[list[Frame], bool]]:
        """Pages as they are sent: terminal events come with their whole jobs."""
        pages = await log.pages(self._pool, after)
        ended = [page.events[-1].job_id for page in pages.values() if page.events[-1].terminal]
        jobs = await reading.ended(self._pool, ended) if ended else {}
        found = {}
        for job_id, page in pages.items():
            frames = []
            for event in page.events:
                if not event.terminal:
                    frames.append(Frame(event.seq, event.type, event.line().encode()))
                elif job_id in jobs:  # else it was deleted between the two looks
                    frames.append(Frame(event.seq, event.type, event.line(jobs[job_id].view()).encode()))
            found[job_id] = frames, page.more
        return found

    async def _insisting(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask Postgres until it answers: streams that are open wait for it."""
        while True:
            try:
                return await ask()
            except DATABASE_FAULTS as error:
                logger.warning("Postgres is away (%s); streams wait.", error)
                await asyncio.sleep(AGAIN_S)

    # --- the one subscription -------------------------------------------------------------------------------

    async def _listen_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self.closing:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(EVENTS)
                    async for message in pubsub.listen():
                        self._received(message)
            except (RedisError, OSError, TimeoutError) as error:
                if self.connected:
                    logger.warning("Redis is away (%s); live events come from Postgres meanwhile.", error)
            finally:
                self.connected = False
            self._compare_now.set()
            await asyncio.sleep(RECONNECT_S)

    def _received(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # Only now is nothing missed any more; what was published until now is found in Postgres.
            self.connected = True
            self._compare_now.set()
        elif message["type"] == "message":
            for told in unpacked(message["data"]):
                if (job := self._jobs.get(told.job)) is not None:
                    job.told(told)
                if (session := self._sessions.get(told.session)) is not None:
                    session.changed = True
                    self._stirred[session.session_id] = None
                    self._some_stirred.set()

    # --- what was never published ---------------------------------------------------------------------------

    async def _compare_forever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(COMPARE_EVERY_S if self.connected else COMPARE_EVERY_ALONE_S):
                    await self._compare_now.wait()
            self._compare_now.clear()
            try:
                await self._compare()
            except DATABASE_FAULTS as error:
                logger.warning("Postgres is away (%s); streams wait.", error)

    async def _compare(self) -> None:
        """One query for all watched jobs, and one for all watched sessions: who has something that was not told?"""
        ends = {topic.job_id: topic.last for topic in self._jobs.values() if topic.last is not None}
        if ends:
            for job_id, newest in (await log.newer(self._pool, ends)).items():
                topic = self._jobs.get(job_id.hex.encode())
                if topic is None or topic.last is None:
                    continue
                if newest is None:
                    topic.vanish()
                elif topic.last < newest:
                    topic.known = max(topic.known, newest)
                    self.fill(topic)
        if self._sessions:
            await self._look_at_sessions([topic.session_id for topic in self._sessions.values()])

    async def _look_at_sessions(self, session_ids: list[UUID]) -> None:
        for session_id, standing in (await following.standings(self._pool, session_ids)).items():
            session = self._sessions.get(session_id.hex.encode())
            if session is not None:
                session.changed |= session.seen_change != standing.updated_at
                session.seen_change = standing.updated_at
                session.came(standing.arrivals)

    async def _look_at_stirred_forever(self) -> None:
        """Jobs that came to watched sessions, as soon as it is told; many that came at once by one query."""
        while True:
            await self._some_stirred.wait()
            self._some_stirred.clear()
            stirred, self._stirred = list(self._stirred), {}
            await self._insisting(lambda stirred=stirred: self._look_at_sessions(stirred))  # type: ignore[misc]

    async def _fill_forever(self) -> None:
        while True:
            await self._some_missing.wait()
            self._some_missing.clear()
            while self._missing:
                topics = list(islice(self._missing, FILLED_AT_ONCE))
                for topic in topics:
                    del self._missing[topic]
                await self._fill(topics)

    async def _fill(self, topics: list[JobTopic]) -> None:
        after = {topic.job_id: topic.last for topic in topics if topic.last is not None}
        expected = {topic: topic.known for topic in topics}
        pages = await self._insisting(lambda: self._pages(after))
        for topic in topics:
            frames, more = pages.get(topic.job_id, ([], False))
            if topic.last is None or not topic.feeds:
                continue
            topic.extend(frames)
            if more or topic.known > max(expected[topic], topic.last):
                self.fill(topic)
            else:
                # All that is stored was read; a higher number that was heard of is of a commit that was taken back.
                topic.known = topic.last

    # --- the clock ------------------------------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        """Signs of life, sessions that are shown differently, and what nobody needs any more."""
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            for consumer in self._beats[ticks % BEATS]:
                consumer.pulse()
            for topic in self._jobs.values():
                topic.idle += 1
                if topic.idle == IDLE_TICKS:
                    topic.forget_row()
            changed = [topic for topic in self._sessions.values() if topic.changed]
            if changed:
                await self._update(changed)

    async def _update(self, changed: list[SessionTopic]) -> None:
        for topic in changed:
            topic.changed = False
        try:
            found = await sessions.many(self._pool, [topic.session_id for topic in changed])
        except DATABASE_FAULTS as error:
            logger.warning("Postgres is away (%s); streams wait.", error)
            for topic in changed:
                topic.changed = True
            return
        for session in found:
            topic_now = self._sessions.get(session.id.hex.encode())
            if topic_now is not None:
                topic_now.give_update(_update_of(session))

    async def _hint_forever(self) -> None:
        """The places of all watched jobs that wait in a queue, by one query, at most once a second."""
        loop = asyncio.get_running_loop()
        took = 0.0
        while True:
            await asyncio.sleep(max(TICK_S, HINT_SHARE * took))
            waiting = [topic.job_id for topic in self._jobs.values() if topic.queued]
            if not waiting:
                continue
            began = loop.time()
            try:
                places = await position.of_many(self._pool, waiting)
            except DATABASE_FAULTS as error:
                logger.warning("Postgres is away (%s); places in the queue are not known.", error)
                continue
            now = loop.time()
            took = now - began
            for job_id, place in places.items():
                topic = self._jobs.get(job_id.hex.encode())
                if topic is not None and topic.queued:
                    topic.give_hint(place.position, place.eta_s, now)


def _update_of(session: sessions.Session) -> bytes:
    return to_json({"type": "session.updated", "session": session.view()})
