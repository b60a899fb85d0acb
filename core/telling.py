"""Saying something over Redis, for whoever listens, after the commit that made it true.

A hint and no more: what is lost is found in Postgres a little later. So telling never waits and never fails, and a
Redis that is away costs a line in the log.
"""

from __future__ import annotations

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from types import TracebackType
from typing import ClassVar, Self
from uuid import UUID

import redis.asyncio
from redis.exceptions import RedisError

from core.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_S = 2.0
PAUSE_S = 1.0


class Teller(ABC):
    """Sends in a task of its own what its subclass has to say."""

    channel: ClassVar[str]
    meanwhile: ClassVar[str]
    """What happens while Redis is away, for the log."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(), socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._send_forever(), name=type(self).__name__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._closing = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._redis.aclose()

    @abstractmethod
    def _next(self) -> str | bytes | None:
        """The next message; None when nothing waits. What was given counts as said."""

    def _wake(self) -> None:
        """There is something to say."""
        self._some.set()

    async def _send_forever(self) -> None:
        # The flag beside the cancel: asyncio.wait_for (up to Python 3.11), which the client uses, may swallow one.
        while not self._closing:
            message = self._next()
            if message is None:
                self._some.clear()
                await self._some.wait()
                continue
            try:
                await self._redis.publish(self.channel, message)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("Redis is away (%s); %s.", error, self.meanwhile)
                await asyncio.sleep(PAUSE_S)


class Hints(Teller):
    """Tells ids: whoever hears one looks at once, instead of a little later."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._waiting: set[str] = set()

    def tell(self, what: UUID) -> None:
        """Something happened to it."""
        self._waiting.add(str(what))
        self._wake()

    def _next(self) -> str | None:
        waiting, self._waiting = self._waiting, set()
        return json.dumps(sorted(waiting)) if waiting else None


async def heard(settings: Settings, *kinds: type[Hints]) -> AsyncIterator[tuple[type[Hints], set[UUID]]]:
    """What is told by hints of these kinds, as it comes, for as long as it is asked for.

    While Redis is away nothing comes; it comes back by itself.
    """
    by_channel = {kind.channel: kind for kind in kinds}
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
                    await pubsub.subscribe(*by_channel)
                    async for message in pubsub.listen():
                        yield (
                            by_channel[message["channel"].decode()],
                            {UUID(one) for one in json.loads(message["data"])},
                        )
            except (RedisError, OSError, TimeoutError) as error:
                logger.debug("No hints: Redis is away (%s).", error)
            await asyncio.sleep(PAUSE_S)
    finally:
        await client.aclose()
