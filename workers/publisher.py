"""Tells watchers of new events over Redis, after their commit. A hint: whoever misses it reads Postgres."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from itertools import groupby
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from core.channels import EVENTS
from core.events.log import Event
from core.settings import Settings

logger = logging.getLogger(__name__)

News: TypeAlias = tuple[str, int, list[dict[str, Any]] | None]
"""A job, the number of its newest event, and the events, where they are sent along."""

BACKLOG = 1000
"""News that wait at most while Redis does not answer; what comes on top is dropped."""
MOST_AT_ONCE = 100

TIMEOUT_S = 2.0
PAUSE_S = 1.0


class Publisher:
    """`events()` and `moved()` are synchronous and never fail; the sending happens in a task of its own."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(), socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        self._waiting: asyncio.Queue[News] = asyncio.Queue(BACKLOG)
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
            members = list(group)
            self._put((str(job_id), members[-1].seq, [event.view() for event in members]))

    def moved(self, job_id: UUID, seq: int) -> None:
        """Publish that a job has events up to `seq`, for those that are read from Postgres (state changes); 0 says
        that there are some.
        """
        self._put((str(job_id), seq, None))

    def _put(self, news: News) -> None:
        try:
            self._waiting.put_nowait(news)
        except asyncio.QueueFull:
            logger.debug("Redis is behind; watchers will read from Postgres.")

    async def _send_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self._closing:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < MOST_AT_ONCE:
                batch.append(self._waiting.get_nowait())
            try:
                await self._redis.publish(EVENTS, json.dumps(batch, ensure_ascii=False))
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis is away (%s); watchers read events from Postgres meanwhile.", error)
                await asyncio.sleep(PAUSE_S)
