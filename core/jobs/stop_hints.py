"""Telling workers over Redis that somebody wants a job stopped, so that they need not wait for their next heartbeat.

A hint, sent after the commit that asked for the cancel: whoever hears it asks Postgres at once. One that is lost, or
made up, changes nothing but the time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from core.channels import STOPS
from core.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_S = 2.0
RECONNECT_S = 1.0


class StopHints:
    """The sending side. `tell()` is synchronous and never fails; the sending happens in a task of its own."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(), socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        self._waiting: set[str] = set()
        self._told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._send_forever(), name="stop-hints")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._closing = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._redis.aclose()

    def tell(self, what: UUID) -> None:
        """A job, or whatever runs in a session, is to be stopped."""
        self._waiting.add(str(what))
        self._told.set()

    async def _send_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self._closing:
            await self._told.wait()
            self._told.clear()
            waiting, self._waiting = self._waiting, set()
            try:
                await self._redis.publish(STOPS, json.dumps(sorted(waiting)))
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis is away (%s); workers learn of cancels by their heartbeats.", error)


async def stop_hints(settings: Settings) -> AsyncIterator[set[UUID]]:
    """What workers hear: ids of jobs and sessions, as they come, for as long as it is asked for.

    While Redis is away nothing comes; it comes back by itself.
    """
    client = redis.asyncio.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=None,  # a reader waits as long as nothing happens
        socket_connect_timeout=TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=10,
    )
    try:
        while True:
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                    await pubsub.subscribe(STOPS)
                    async for message in pubsub.listen():
                        yield {UUID(one) for one in json.loads(message["data"])}
            except (RedisError, OSError, TimeoutError) as error:
                logger.debug("No stop hints: Redis is away (%s).", error)
            await asyncio.sleep(RECONNECT_S)
    finally:
        await client.aclose()
