"""Tells watchers of new events over Redis, after their commit. A hint: whoever misses it reads Postgres."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from itertools import groupby
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from core.channels import job_channel
from core.events.log import Event
from core.settings import Settings

logger = logging.getLogger(__name__)

BACKLOG = 1000
"""Messages that wait at most while Redis does not answer; what comes on top is dropped."""

TIMEOUT_S = 2.0
PAUSE_S = 1.0


class Publisher:
    """`events()` and `moved()` are synchronous and never fail; the sending happens in a task of its own."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(), socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        self._waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue(BACKLOG)
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
        """Publish committed events, in order; all of a job's in one message."""
        for job_id, group in groupby(events, key=lambda event: event.job_id):
            members = list(group)
            self._put(job_id, {"seq": members[-1].seq, "events": [event.view() for event in members]})

    def moved(self, job_id: UUID, seq: int) -> None:
        """Publish that a job has events up to `seq`, for those that are read from Postgres (state changes)."""
        self._put(job_id, {"seq": seq})

    def _put(self, job_id: UUID, message: dict[str, Any]) -> None:
        try:
            self._waiting.put_nowait((job_channel(job_id), json.dumps(message, ensure_ascii=False)))
        except asyncio.QueueFull:
            logger.debug("Redis is behind; watchers will read from Postgres.")

    async def _send_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self._closing:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < BACKLOG:
                batch.append(self._waiting.get_nowait())
            try:
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for channel, message in batch:
                        pipeline.publish(channel, message)
                    await pipeline.execute()
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis is away (%s); watchers read events from Postgres meanwhile.", error)
                await asyncio.sleep(PAUSE_S)
