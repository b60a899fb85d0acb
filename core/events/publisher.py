"""Tells watchers of new events over Redis, after their commit. A hint: whoever misses it reads Postgres."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from itertools import groupby
from types import TracebackType
from typing import Self
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from core.channels import EVENTS
from core.events.log import Event
from core.events.news import News, packed
from core.settings import Settings

logger = logging.getLogger(__name__)

BACKLOG = 2000
"""News that wait at most while Redis does not answer; what comes on top is dropped."""
BACKLOG_CHARACTERS = 8 * 1024 * 1024
"""Of events that come along with waiting news; beyond it only their numbers are told."""
MOST_AT_ONCE = 250
MOST_CHARACTERS_AT_ONCE = 512 * 1024

TIMEOUT_S = 2.0
PAUSE_S = 1.0


class Publisher:
    """Telling is synchronous and never fails; the sending happens in a task of its own."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(), socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        self._waiting: deque[News] = deque()
        self._size = 0
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._send_forever(), name="publisher")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._closing = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._redis.aclose()

    def events(self, events: Iterable[Event]) -> None:
        """Publish committed events, in order."""
        for job_id, group in groupby(events, key=lambda event: event.job_id):
            lines = [(event.seq, event.type, event.line()) for event in group]
            self._put(News(job_id, lines[-1][0], lines))

    def moved(self, job_id: UUID, seq: int) -> None:
        """Publish that a job has events up to `seq`, for those that are read from Postgres (state changes); 0 says
        that there are some.
        """
        self._put(News(job_id, seq))

    def changed(self, session_id: UUID) -> None:
        """Publish that a job came to a session, or that it is shown differently."""
        self._put(News(None, session_id=session_id))

    def _put(self, news: News) -> None:
        if len(self._waiting) >= BACKLOG:
            logger.debug("Redis is behind; watchers will read from Postgres.")
            return
        if self._size >= BACKLOG_CHARACTERS:
            news.lines.clear()
        self._size += news.size
        self._waiting.append(news)
        self._some.set()

    def _batch(self) -> list[News]:
        """What goes into the next message."""
        batch: list[News] = []
        size = 0
        while self._waiting and len(batch) < MOST_AT_ONCE and size < MOST_CHARACTERS_AT_ONCE:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        self._size -= size
        return batch

    async def _send_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self._closing:
            if not self._waiting:
                self._some.clear()
                await self._some.wait()
            try:
                await self._redis.publish(EVENTS, packed(self._batch()))
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis is away (%s); watchers read events from Postgres meanwhile.", error)
                await asyncio.sleep(PAUSE_S)
