"""Requests a minute, counted in Redis for all API processes, and by each for itself while Redis can't be asked.

No request waits for Redis longer than `PATIENCE_S`. The first that would opens the circuit: from then on this process
counts alone, against its share of the limit, and asks Redis in the background when it answers again. What it knows of
a bucket goes along with every question, so a Redis that was emptied forgets nothing that somebody still knows.

Of our own, because the kept libraries (`limits`, `throttled-py`) want a redis-py older than Celery's, count one bucket
at a time and have no such circuit.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from core.channels import EVENTS
from core.limits import gcra
from core.limits.gcra import Standing
from core.limits.model import Policy
from core.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE_S = 0.03
PROBE_S = 1.0
"""How long the background's own question may take, which also makes the connection."""
PROBE_EVERY_S = 0.25
MOST_AT_ONCE = 64
SCRIPT_SHA = hashlib.sha1(gcra.SCRIPT.encode(), usedforsecurity=False).hexdigest()
MOST_BUCKETS = 10_000
"""Buckets that a process remembers; of more, those that were asked longest ago are forgotten."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one request."""

    admitted: bool
    wait_us: int
    """After so long one is admitted, if no other request comes before it; 0 for one that is."""
    standings: tuple[Standing, ...]
    """Of each policy that was asked, in order."""

    @classmethod
    def of(cls, admitted: bool, debts_us: Sequence[int], quotas: Sequence[int]) -> Decision:
        """From the debts after the request."""
        standings = tuple(Standing.of(debt, quota) for debt, quota in zip(debts_us, quotas, strict=True))
        waits = [one.next_us for one in standings if one.remaining == 0]
        return cls(admitted, 0 if admitted else max(waits), standings)


class OwnBuckets:
    """What this process knows of the buckets, by its monotonic clock."""

    def __init__(self, clock_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000) -> None:
        self._clock_us = clock_us
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def debts_us(self, policies: Sequence[Policy]) -> list[int]:
        """Each bucket's debt."""
        now = self._clock_us()
        return [max(self._full_at.get(policy.bucket, 0) - now, 0) for policy in policies]

    def learn(self, policies: Sequence[Policy], debts_us: Sequence[int]) -> None:
        """Remember them. Of answers that overtook each other the longer debt is the newer one."""
        now = self._clock_us()
        for policy, debt in zip(policies, debts_us, strict=True):
            self._full_at[policy.bucket] = max(now + debt, self._full_at.get(policy.bucket, 0))
            self._full_at.move_to_end(policy.bucket)
        while len(self._full_at) > MOST_BUCKETS:
            self._full_at.popitem(last=False)


@dataclass(slots=True)
class Question:
    """One request, and where its answer goes."""

    keys: list[str]
    arguments: list[int | str]
    answer: asyncio.Future[list[int]]


def fail(questions: Iterable[Question], error: Exception) -> None:
    """Tell those who still wait that there will be no answer."""
    for question in questions:
        if not question.answer.done():
            question.answer.set_exception(error)


class RateLimiter:
    """Made once a process. Requests that come while Redis is being asked are asked for together, on one connection."""

    def __init__(self, settings: Settings) -> None:
        self._redis = redis.asyncio.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=PROBE_S,
            socket_connect_timeout=PROBE_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._own = OwnBuckets()
        self._waiting: list[Question] = []
        self._asking: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self.processes = 1
        """API processes that there were when Redis was asked last: each counts against its part alone."""

    @property
    def alone(self) -> bool:
        """Redis can't be asked at the moment."""
        return self._probing is not None

    async def take(self, policies: Sequence[Policy]) -> Decision:
        """Ask one request of all these buckets."""
        if self._probing is None:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await self._shared(policies)
            except (RedisError, OSError, TimeoutError) as error:
                self._open_circuit(error)
        return self._by_itself(policies)

    async def _shared(self, policies: Sequence[Policy]) -> Decision:
        arguments: list[int | str] = []
        for policy, known in zip(policies, self._own.debts_us(policies), strict=True):
            arguments += (policy.quota, gcra.spacing_us(policy.quota), known)
        question = Question(
            [policy.bucket for policy in policies], [*arguments, EVENTS], asyncio.get_running_loop().create_future()
        )
        self._waiting.append(question)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="limits-ask")
        admitted, processes, *debts = await question.answer
        self.processes = max(processes, 1)
        self._own.learn(policies, debts)
        return Decision.of(bool(admitted), debts, [policy.quota for policy in policies])

    async def _ask(self) -> None:
        group: list[Question] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                try:
                    answers = await self._run(group)
                except NoScriptError:  # a Redis that was started, or emptied, since
                    await self._redis.script_load(gcra.SCRIPT)
                    answers = await self._run(group)
                for question, answer in zip(group, answers, strict=True):
                    if not question.answer.done():
                        question.answer.set_result(answer)
        except (RedisError, OSError, TimeoutError) as error:
            fail([*group, *self._waiting], error)
            self._waiting.clear()
        except asyncio.CancelledError:
            fail(group, TimeoutError())
            raise
        finally:
            self._asking = None

    async def _run(self, group: Sequence[Question]) -> list[list[int]]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for question in group:
                pipeline.evalsha(SCRIPT_SHA, len(question.keys), *question.keys, *question.arguments)
            answers: list[list[int]] = await pipeline.execute()
            return answers

    def _by_itself(self, policies: Sequence[Policy]) -> Decision:
        shares = [-(-policy.quota // self.processes) for policy in policies]
        admitted, debts = gcra.take(self._own.debts_us(policies), shares)
        self._own.learn(policies, debts)
        return Decision.of(admitted, debts, shares)

    # --- the circuit --------------------------------------------------------------------------------

    def _open_circuit(self, error: BaseException) -> None:
        if self._probing is None:
            why = str(error) or f"no answer within {PATIENCE_S:g} s"
            logger.warning("Redis can't be asked for limits (%s); this process counts alone.", why)
            self._probing = asyncio.create_task(self._probe(), name="limits-probe")
            # Nobody waits any longer; a question that was sent may have been counted, and is now counted here too.
            waiting, self._waiting = self._waiting, []
            if self._asking is not None:
                self._asking.cancel()
            fail(waiting, TimeoutError())

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                async with asyncio.timeout(PROBE_S):
                    await self._redis.ping()
            except (RedisError, OSError, TimeoutError):
                continue
            logger.info("Redis counts the limits again.")
            self._probing = None
            return

    async def aclose(self) -> None:
        """Let the connections go."""
        tasks = [task for task in (self._asking, self._probing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()
