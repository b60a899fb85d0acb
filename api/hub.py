"""Live events for all watchers of one API process, over one connection to Redis.

Redis only hints: a watcher reads Postgres after it has subscribed, after every gap in the numbers, and whenever the
hub, which compares the numbers of all watched jobs every two seconds, finds that something was never published.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from core.channels import EVENTS
from core.database.pool import DATABASE_FAULTS, Pool
from core.events import log
from core.jobs import reading
from core.settings import Settings

logger = logging.getLogger(__name__)

COMPARE_EVERY_S = 2.0
COMPARE_EVERY_ALONE_S = 0.25
"""While Redis is away, Postgres is all there is."""
RECONNECT_S = 0.5
WAITING_LIMIT = 500
"""Messages that wait for a slow watcher; past that they are dropped and it reads Postgres."""
PAGE = 500
TIMEOUT_S = 5.0

Event: TypeAlias = dict[str, Any]
"""As clients get it."""
News: TypeAlias = tuple[int, list[Event] | None]
"""The number of a job's newest event (0: look), and the events up to it, where they came along."""


class Watch:
    """One watcher of one job: what came for it and it has not taken yet."""

    def __init__(self, job_id: UUID, seen: int) -> None:
        self.job_id = job_id
        self.seen = seen
        """Number of the last event that it was given."""
        self._waiting: list[News] = []
        self._look = False
        self._some = asyncio.Event()

    def put(self, news: News) -> None:
        """Something was published of the job."""
        if len(self._waiting) >= WAITING_LIMIT:
            self._waiting.clear()
            self._look = True
        else:
            self._waiting.append(news)
        self._some.set()

    def look(self) -> None:
        """Something may have been missed: read Postgres."""
        self._look = True
        self._some.set()

    async def take(self) -> tuple[list[News], bool]:
        """All news that wait, and whether to read Postgres whatever they say. Waits for at least one of both."""
        await self._some.wait()
        self._some.clear()
        messages, self._waiting = self._waiting, []
        look, self._look = self._look, False
        return messages, look


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
        self._watches: dict[str, set[Watch]] = {}
        """By the job's id, as it is spelled in messages."""
        self.connected = False
        """Whether Redis is there, and has taken the subscription."""
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._listen_forever(), name="hub"),
            asyncio.create_task(self._compare_forever(), name="hub-compare"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def follow(self, tenant_id: UUID, job_id: UUID, after: int) -> AsyncGenerator[Event]:
        """A job's events with numbers above `after`, stored ones first, then as they come, up to the terminal one.

        Each exactly once and in order. Whether the job is this tenant's is checked by the caller, before.
        """
        # First to be told of what comes, then to read what is there: nothing falls in between.
        watch = Watch(job_id, after)
        watches = self._watches.setdefault(str(job_id), set())
        watches.add(watch)
        try:
            news: list[News] = []
            look = True
            while True:
                for seq, events in news:
                    for event in events or ():
                        if event["seq"] == watch.seen + 1 and not look:
                            watch.seen += 1
                            yield event
                    look = look or seq == 0 or seq > watch.seen
                if look:
                    async for event in self._stored(tenant_id, watch):
                        yield event
                        if event["type"] in log.TERMINAL_TYPES:
                            return
                news, look = await watch.take()
        finally:
            watches.discard(watch)
            if not watches:
                self._watches.pop(str(job_id), None)

    async def _stored(self, tenant_id: UUID, watch: Watch) -> AsyncIterator[Event]:
        """What Postgres has beyond what the watcher has seen. A terminal event comes with its whole job."""
        while True:
            events = await log.read(self._pool, watch.job_id, watch.seen, PAGE)
            for event in events:
                watch.seen = event.seq
                view = event.view()
                if event.terminal:
                    view["job"] = (await reading.get(self._pool, tenant_id, watch.job_id)).view()
                yield view
            if len(events) < PAGE:
                return

    # --- the one subscription -------------------------------------------------------------------------

    async def _listen_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self._closing:
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
            self._look_at_all()
            await asyncio.sleep(RECONNECT_S)

    def _received(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # Only now is nothing missed any more; what was published until now is read from Postgres.
            self.connected = True
            self._look_at_all()
        elif message["type"] == "message":
            for job_id, seq, events in json.loads(message["data"]):
                for watch in self._watches.get(job_id, ()):
                    watch.put((seq, events))

    def _look_at_all(self) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.look()

    async def _compare_forever(self) -> None:
        """One query for all watched jobs: whose newest event is beyond what its watcher has seen?"""
        while True:
            await asyncio.sleep(COMPARE_EVERY_S if self.connected else COMPARE_EVERY_ALONE_S)
            watches = [watch for group in self._watches.values() for watch in group]
            if not watches:
                continue
            try:
                newest = await log.newest(self._pool, list({watch.job_id for watch in watches}))
            except DATABASE_FAULTS as error:
                logger.warning("Postgres is away (%s); streams wait.", error)
                continue
            for watch in watches:
                if newest.get(watch.job_id, 0) > watch.seen:
                    watch.look()
