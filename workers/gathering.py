"""Groups calls without a timer: one that comes alone goes at once, those that come meanwhile go together.

What a process asks of Postgres for many jobs, claims and ends, costs one round trip and one commit that way, and a
single job waits for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

MOST_AT_ONCE = 64


class Gathering(Generic[Asked, Answered]):
    """`call(item)` waits for the answer to its item; `together` answers a whole group, in order."""

    def __init__(self, together: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]]) -> None:
        self._together = together
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._working: asyncio.Task[None] | None = None

    async def call(self, item: Asked) -> Answered:
        """Ask, with whatever else is asked meanwhile. A group that failed is asked again one by one, so that an
        item which is the cause raises for its caller alone.
        """
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._working is None:
            self._working = asyncio.create_task(self._work(), name="gathering")
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._answer(group)
        finally:
            self._working = None

    async def _answer(self, group: list[tuple[Asked, asyncio.Future[Answered]]]) -> None:
        try:
            answers = await self._together([item for item, _ in group])
        except Exception as error:  # whatever it is, it belongs to those who asked
            if len(group) > 1:
                for one in group:
                    await self._answer([one])
            elif not group[0][1].done():
                group[0][1].set_exception(error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():
                future.set_result(answer)
