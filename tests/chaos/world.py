"""The service as real processes, several of each kind, and a supervisor that starts again what fell."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from core.database.pool import Pool, open_pool
from core.settings import Settings
from embedded.children import tail
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.redis import RedisServer, running_redis
from tests.chaos.agents import POOLS, SETTING
from tests.clusters import postgres_like
from tests.services import PATIENCE_S, PLAIN, Program

LOOK_EVERY_S = 0.1
START_AGAIN_AFTER_S = 0.3


@dataclass(frozen=True)
class Shape:
    """How many of each, and how soon a silent worker loses its jobs."""

    apis: int = 2
    dispatchers: int = 2
    workers: dict[str, int] = field(default_factory=lambda: {"steps": 3, "session": 2})
    slots: int = 8
    lease_s: float = 3.0
    heartbeat_s: float = 0.5
    drain_s: float = 1.0


@dataclass(frozen=True)
class Fall:
    """A process that ended although nobody had asked it to."""

    name: str
    status: int
    last_words: str


class World:
    """Everything that runs, by name: `api-1`, `dispatcher-2`, `steps-3`."""

    def __init__(self, folder: Path, postgres: PostgresServer, redis: RedisServer, shape: Shape) -> None:
        self.folder, self.postgres, self.redis, self.shape = folder, postgres, redis, shape
        self.database_url = urlsplit(postgres.url)._replace(path="/chaos").geturl()
        self.ports = {f"api-{number}": free_port() for number in range(1, shape.apis + 1)}
        self.programs: dict[str, Program] = {}
        self.pushed: set[str] = set()
        """Names of processes that somebody is ending on purpose."""
        self.starts: Counter[str] = Counter()
        self.falls: list[Fall] = []
        self.pool: Pool
        """For looking at the database, from outside of the service."""

    @property
    def urls(self) -> list[str]:
        """Where the APIs listen."""
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    def names(self, *kinds: str) -> list[str]:
        """The processes of these kinds: `api`, `dispatcher`, or a pool of workers."""
        return sorted(name for name in self.programs if name.rpartition("-")[0] in kinds)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All processes, ready when the block is entered and gone when it is left."""
        await self._make_database()
        supervisor = None
        try:
            for number in range(1, self.shape.dispatchers + 1):
                self._run(f"dispatcher-{number}", "-m", "workers.dispatcher")
            for pool in POOLS:
                for number in range(1, self.shape.workers[pool] + 1):
                    self._run(f"{pool}-{number}", "-m", "workers", "--pool", pool)
            for name, port in self.ports.items():
                self._run(name, "-m", "api", environment={"ACI_PORT": str(port)})
            self.pool = await open_pool(Settings(DATABASE_URL=self.database_url), size=4)
            await self.all_ready()
            supervisor = asyncio.create_task(self._supervise(), name="supervisor")
            yield
        finally:
            if supervisor is not None:
                supervisor.cancel()
                await asyncio.gather(supervisor, return_exceptions=True)
            for program in self.programs.values():
                program.resume()
                program.kill()
            if hasattr(self, "pool"):
                self.pool.terminate()

    async def all_ready(self) -> None:
        """Wait until every worker is entered in Postgres and every API answers."""
        wanted = sum(self.shape.workers.values())
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(**PLAIN) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    alive = await self.pool.fetchval("SELECT count(*) FROM workers")
                    answers = [(await http.get(f"{url}/healthz")).status_code for url in self.urls]
                    if alive >= wanted and set(answers) == {200}:
                        return
                for program in self.programs.values():
                    if not program.running:
                        raise AssertionError(f"{program.name} ended while starting:\n{tail(program.log, 40)}")
                await asyncio.sleep(LOOK_EVERY_S)

    def end(self, name: str, number: signal.Signals) -> None:
        """End a process on purpose; the supervisor starts it again."""
        program = self.programs[name]
        if program.running:
            self.pushed.add(name)
            program.resume()
            program.send(number)

    async def database(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Ask the database; nothing when it is away."""
        try:
            return await self.pool.fetch(statement, *values, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return []

    async def _make_database(self) -> None:
        connection = await asyncpg.connect(self.postgres.url)
        try:
            await connection.execute("CREATE DATABASE chaos")
        finally:
            await connection.close()
        migrations = self._run("migrations-1", "-m", "migrations")
        if await asyncio.to_thread(migrations.wait) != 0:
            raise AssertionError(f"the migrations failed:\n{tail(migrations.log, 40)}")
        del self.programs["migrations-1"]

    def _run(self, name: str, *words: str, environment: dict[str, str] | None = None) -> Program:
        environment = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "ACI_AGENTS": SETTING,
            "ACI_LEASE_S": str(self.shape.lease_s),
            "ACI_HEARTBEAT_S": str(self.shape.heartbeat_s),
            "ACI_WORKER_SLOTS": str(self.shape.slots),
            "ACI_WORKER_DRAIN_S": str(self.shape.drain_s),
            "ACI_LOG_LEVEL": "INFO",
            **(environment or {}),
        }
        program = Program(name, self.folder / f"{name}.log", list(words), environment)
        self.programs[name] = program
        self._start(program)
        return program

    def _start(self, program: Program) -> None:
        self.starts[program.name] += 1
        program.start()

    async def _supervise(self) -> None:
        ended_at: dict[str, float] = {}
        while True:
            for name, program in self.programs.items():
                if program.running:
                    continue
                if name not in ended_at:
                    ended_at[name] = time.monotonic()
                    if name not in self.pushed:
                        self.falls.append(Fall(name, program.wait(), tail(program.log, 15)))
                    self.pushed.discard(name)
                elif time.monotonic() - ended_at[name] > START_AGAIN_AFTER_S:
                    del ended_at[name]
                    self._start(program)
            await asyncio.sleep(LOOK_EVERY_S)


@contextlib.asynccontextmanager
async def running_world(folder: Path, shape: Shape, postgres_home: Path | None) -> AsyncIterator[World]:
    """A world with a Postgres, on a copy of that home or on new data, and a Redis of its own."""
    with postgres_like(postgres_home) as postgres, running_redis() as redis:
        world = World(folder, postgres, redis, shape)
        async with world.running():
            yield world
