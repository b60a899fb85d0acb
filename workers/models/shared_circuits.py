"""Tells the other processes over Redis which circuits opened, and takes over what they found.

A hint only: each process judges for itself as well, and without Redis does nothing else. A question never waits for
this: what others found is read beside it, at most once a second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time

import redis.asyncio
from redis.exceptions import RedisError

from core.settings import Settings
from workers.models.circuits import Circuit, Circuits
from workers.models.faults import CandidateFault, Kind

logger = logging.getLogger(__name__)

KEY = "aci:circuits:"
EVERY_S = 1.0
TIMEOUT_S = 0.5
AWAY = (RedisError, OSError, TimeoutError)


class SharedCircuits:
    """The circuits of one process, beside those of the others."""

    def __init__(self, settings: Settings, circuits: Circuits) -> None:
        self._url = settings.redis_url.get_secret_value()
        self._circuits = circuits
        self._client: redis.asyncio.Redis | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looked = -EVERY_S
        self._tasks: set[asyncio.Task[None]] = set()
        circuits.on_open = self._opened
        circuits.on_close = self._closed

    def look(self, names: list[str]) -> None:
        """Read what others found of these models, in the background, unless that was done just now."""
        if time.monotonic() - self._looked < EVERY_S:
            return
        self._looked = time.monotonic()
        self._begin(self._adopt(names))

    async def settled(self) -> None:
        """Wait for all that goes on in the background."""
        await asyncio.gather(*self._tasks)

    def _opened(self, name: str, circuit: Circuit) -> None:
        assert circuit.last is not None
        known = {"kind": circuit.last.kind.value, "reason": circuit.last.reason, "advice": circuit.last.advice}
        self._begin(self._write(name, json.dumps(known), circuit.opened_s))

    def _closed(self, name: str) -> None:
        self._begin(self._remove(name))

    async def _write(self, name: str, known: str, seconds: float) -> None:
        await self._redis().set(KEY + name, known, px=int(seconds * 1000))

    async def _remove(self, name: str) -> None:
        await self._redis().delete(KEY + name)

    async def _adopt(self, names: list[str]) -> None:
        async with self._redis().pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.get(KEY + name)
                pipeline.pttl(KEY + name)
            answers = await pipeline.execute()
        others = {}
        for name, known, left in zip(names, answers[::2], answers[1::2], strict=True):
            if known is not None and left > 0 and (found := _fault(known)):
                others[name] = found, left / 1000
        self._circuits.adopt(others, names)

    def _redis(self) -> redis.asyncio.Redis:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = redis.asyncio.from_url(self._url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        return self._client

    def _begin(self, work: object) -> None:
        async def quietly() -> None:
            try:
                await work  # type: ignore[misc]
            except AWAY as error:
                logger.debug("Circuits are not shared: Redis is away (%s).", error)

        try:
            task = asyncio.get_running_loop().create_task(quietly())
        except RuntimeError:
            # Found while nothing runs yet, as at the first look: the others find it as well.
            work.close()  # type: ignore[attr-defined]
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _fault(known: bytes) -> CandidateFault | None:
    """What another process wrote, perhaps one of another version."""
    try:
        found = json.loads(known)
        return CandidateFault(Kind(found["kind"]), str(found["reason"]), found.get("advice"))
    except (ValueError, KeyError, TypeError):
        return None
