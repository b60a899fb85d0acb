"""The monkey: takes the service apart, one seeded fault after the other, and puts back what does not heal by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

import redis
import redis.asyncio
from kombu.exceptions import OperationalError

from core.agents.registry import by_name
from core.ids import Prefix, encode
from core.settings import Settings
from tests.chaos import clients as wishes
from tests.chaos.agents import ALL, POOLS
from tests.chaos.clients import Clients
from tests.chaos.world import World
from workers.celery_app import PICK_TASK, make_celery

Fault = Callable[[], Awaitable[None]]


@dataclass
class Recoveries:
    """What was hit, and when, so that the checker can find out how long it took to come back."""

    killed: list[tuple[float, str, int]] = field(default_factory=list)
    """Time, job, and the attempt that its worker took along."""
    emptied: list[tuple[float, str]] = field(default_factory=list)
    """Time, and a job whose message was thrown away."""


class Monkey:
    """Goes through a shuffled deck of all faults, again and again."""

    def __init__(
        self,
        world: World,
        clients: Clients,
        chance: random.Random,
        pace_s: tuple[float, float],
        only: Collection[str] = (),
    ) -> None:
        self.done: Counter[str] = Counter()
        self.recoveries = Recoveries()
        self.longest_queue = 0
        self._world, self._clients, self._chance, self._pace_s = world, clients, chance, pace_s
        self._healing: set[asyncio.Task[None]] = set()
        self._celery = make_celery(Settings(REDIS_URL=world.redis.url))
        self._faults: dict[str, Fault] = {
            "worker killed": self._kill_worker,
            "worker killed, another": self._kill_worker,
            "worker frozen past its lease": self._freeze_worker,
            "worker frozen for a moment": self._freeze_worker_shortly,
            "worker asked to stop": self._stop_worker,
            "Redis emptied": self._empty_redis,
            "Redis emptied while jobs wait there": self._empty_full_redis,
            "Redis frozen": self._freeze_redis,
            "Redis killed, started empty": self._restart_redis,
            "Postgres stopped at once": self._postgres_immediate,
            "Postgres stopped fast": self._postgres_fast,
            "dispatcher killed": lambda: self._end("dispatcher", signal.SIGKILL),
            "dispatcher asked to stop": lambda: self._end("dispatcher", signal.SIGTERM),
            "dispatcher frozen": self._freeze_dispatcher,
            "API killed": lambda: self._end("api", signal.SIGKILL),
            "API asked to stop": lambda: self._end("api", signal.SIGTERM),
            "messages sent again": self._repeat_messages,
            "old messages sent late": self._repeat_messages,
            "job that kills its worker once": lambda: wishes.kills_once(clients, chance),
            "poison job": lambda: wishes.poison(clients, chance),
        }
        if only:
            self._faults = {name: self._faults[name] for name in only}

    async def rage(self, over: asyncio.Event, *, once: bool) -> None:
        """Fault after fault until it is over, which it is after each came once, if that is all that is wanted; then all
        that was taken is put back.
        """
        deck = self._shuffled()
        try:
            while not over.is_set():
                name = deck.pop()
                await self._faults[name]()
                self.done[name.removesuffix(", another")] += 1
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._chance.uniform(*self._pace_s)):
                        await over.wait()
                if not deck and once:
                    over.set()
                deck = deck or self._shuffled()
        finally:
            await self.put_back()

    def _shuffled(self) -> list[str]:
        deck = list(self._faults)
        self._chance.shuffle(deck)
        return deck

    async def put_back(self) -> None:
        """Everything runs again."""
        if self._healing:
            await asyncio.wait(self._healing)
        for server in (self._world.redis, self._world.postgres):
            server.resume()
            if not server.running:
                server.start()
        for program in self._world.programs.values():
            program.resume()
        self._celery.close()

    def _heal_after(self, seconds: float, heal: Callable[[], None]) -> None:
        async def later() -> None:
            await asyncio.sleep(seconds)
            heal()

        task = asyncio.create_task(later())
        self._healing.add(task)
        task.add_done_callback(self._healing.discard)

    # --- workers ------------------------------------------------------------------------------------------

    def _some_worker(self) -> str:
        return self._chance.choice(self._world.names(*POOLS))

    async def _kill_worker(self) -> None:
        """One that has work, if any has."""
        running = await self._world.database(
            "SELECT pid, jobs.id, attempt FROM jobs JOIN workers ON workers.id = worker_id WHERE state = 'running'"
        )
        busy = {row["pid"] for row in running}
        programs = [self._world.programs[name] for name in self._world.names(*POOLS)]
        programs = [program for program in programs if program.running]
        hit = self._chance.choice([one for one in programs if one.pid in busy] or programs or [None])
        if hit is None:
            return
        now, pid = time.time(), hit.pid
        self._world.end(hit.name, signal.SIGKILL)
        self.recoveries.killed += [
            (now, encode(Prefix.JOB, row["id"]), row["attempt"]) for row in running if row["pid"] == pid
        ]

    async def _freeze_worker(self) -> None:
        self._freeze(self._some_worker(), self._world.shape.lease_s * self._chance.uniform(1.3, 2.5))

    async def _freeze_worker_shortly(self) -> None:
        self._freeze(self._some_worker(), self._world.shape.lease_s * self._chance.uniform(0.3, 0.7))

    def _freeze(self, name: str, seconds: float) -> None:
        program = self._world.programs[name]
        if program.running:
            program.pause()
            self._heal_after(seconds, program.resume)

    async def _stop_worker(self) -> None:
        self._world.end(self._some_worker(), signal.SIGTERM)

    # --- Redis --------------------------------------------------------------------------------------------

    async def _empty_full_redis(self) -> None:
        """Empty it while messages wait there for certain: nobody takes any for a moment."""
        workers = [self._world.programs[name] for name in self._world.names("steps")]
        for worker in workers:
            worker.pause()
        try:
            async with asyncio.timeout(self._world.shape.lease_s / 3):
                steps = {"steps": 2, "pause_s": 0.01}
                await asyncio.gather(*(self._clients.submit("heap", "steps", steps) for _ in range(10)))
                waiting = (
                    "SELECT count(*) FROM jobs WHERE state = 'queued' AND agent = 'steps' AND released_at IS NOT NULL"
                )
                while (found := await self._world.database(waiting)) and found[0]["count"] < 5:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass  # a planner, or Redis, is busy with another fault
        await self._empty_redis()
        for worker in workers:
            worker.resume()

    async def _empty_redis(self) -> None:
        released = await self._world.database(
            "SELECT id FROM jobs WHERE state = 'queued' AND released_at IS NOT NULL AND ready"
        )
        client = redis.asyncio.Redis.from_url(self._world.redis.url, socket_timeout=2)
        try:
            async with client:
                lengths = [await client.llen(spec.queue(lane)) for spec in ALL for lane in ("interactive", "batch")]
                now = time.time()
                await client.flushall()
        except redis.RedisError:
            return  # frozen just now
        self.longest_queue = max(self.longest_queue, *lengths)
        self.recoveries.emptied += [(now, encode(Prefix.JOB, row["id"])) for row in released]

    async def _freeze_redis(self) -> None:
        self._world.redis.pause()
        self._heal_after(self._chance.uniform(0.5, 7), self._world.redis.resume)

    async def _restart_redis(self) -> None:
        self._world.redis.kill()
        await asyncio.sleep(self._chance.uniform(0, 2))
        self._world.redis.start()

    # --- Postgres -----------------------------------------------------------------------------------------

    async def _postgres_immediate(self) -> None:
        os.kill(self._world.postgres.pid, signal.SIGQUIT)
        await self._postgres_back()

    async def _postgres_fast(self) -> None:
        os.kill(self._world.postgres.pid, signal.SIGINT)
        await self._postgres_back()

    async def _postgres_back(self) -> None:
        while self._world.postgres.running:  # noqa: ASYNC110  (it is a process)
            await asyncio.sleep(0.02)
        await asyncio.sleep(self._chance.uniform(0, 1.5))
        self._world.postgres.start()

    # --- the dispatcher and the API -----------------------------------------------------------------------

    async def _end(self, kind: str, number: signal.Signals) -> None:
        self._world.end(self._chance.choice(self._world.names(kind)), number)

    async def _freeze_dispatcher(self) -> None:
        name = self._chance.choice(self._world.names("dispatcher"))
        self._freeze(name, self._world.shape.lease_s * self._chance.uniform(0.5, 2))

    # --- messages -----------------------------------------------------------------------------------------

    async def _repeat_messages(self) -> None:
        """Send messages that were sent before, the present ones twice: any job under any release it ever had."""
        specs = by_name(ALL)
        rows = await self._world.database(
            "SELECT id, release, agent, lane FROM jobs WHERE release > 0 "
            "ORDER BY state = 'queued' DESC, state = 'running' DESC, random() LIMIT 60"
        )
        messages = [
            (specs[row["agent"]].queue(row["lane"]), [(str(row["id"]), release)])
            for row in rows
            for release in {row["release"], self._chance.randint(1, row["release"])}
        ]
        with contextlib.suppress(OperationalError, OSError, redis.RedisError):
            await asyncio.to_thread(self._send, messages)

    def _send(self, messages: list[tuple[str, list[tuple[str, int]]]]) -> None:
        with self._celery.producer_or_acquire() as producer:
            for queue, picks in messages:
                self._celery.send_task(PICK_TASK, args=(picks,), queue=queue, producer=producer, retry=False)
