"""One worker process: its event loop, its slots, its leases. Celery hands it picks; it does the rest.

Many jobs run in one loop, because agents mostly wait. The lease, not Celery's acknowledgement, protects a job:
whatever this process cannot prove to hold any more, it stops.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any
from uuid import UUID

import redis
import uvloop
from redis.exceptions import RedisError

from core.agents.registry import found, pool_agents, pools
from core.agents.spec import AgentSpec
from core.database.pool import DATABASE_FAULTS, Pool, open_pool
from core.doorbell import Doorbell
from core.events.publisher import Publisher
from core.ids import Prefix, encode, new_id
from core.jobs import lease
from core.jobs.hints import AnswerHints, StopHints
from core.jobs.lease import Claim, Ending, Held
from core.settings import Settings
from core.telling import heard
from core.workers import repository as workers
from workers.event_writer import EventWriter
from workers.gathering import Gathering
from workers.heartbeat import Heartbeat, end_process
from workers.job_run import STOP_GRACE_S, JobRun
from workers.quotas import Quotas
from workers.resources import Resources
from workers.runners import Runner, describers, runner_of, upkeeps

logger = logging.getLogger(__name__)

DESCRIBE_EVERY_S = 5.0
TICK_S = 0.5
BROKER_ANSWERS_S = 0.5
"""The heartbeat waits for this answer, and leases wait for the heartbeat."""


class WorkerProcess:
    """Runs jobs of one pool's agents, up to `slots` at a time, until it is stopped."""

    def __init__(self, settings: Settings, pool_name: str) -> None:
        self.settings = settings
        self.pool_name = pool_name
        self.specs: dict[str, AgentSpec] = {spec.name: spec for spec in pool_agents(pool_name)}
        if not self.specs:
            raise ValueError(f"There is no worker pool {pool_name!r}. Pools: {', '.join(pools())}.")
        packages = found().packages
        self.runners: dict[str, Runner] = {
            name: runner_of(spec, packages.get(name)) for name, spec in self.specs.items()
        }
        self.id = new_id()
        self.name = f"{pool_name}@{socket.gethostname()}:{os.getpid()}"
        self.lease = timedelta(seconds=settings.lease_s)
        self.resources = Resources(settings)
        self.running: dict[Held, JobRun] = {}
        self.pool: Pool
        self.publisher: Publisher
        self.events: EventWriter
        self.doorbell: Doorbell
        self.quotas: Quotas
        self._loop: asyncio.AbstractEventLoop | None = None
        self._slots: asyncio.Semaphore
        self._tasks: set[asyncio.Task[None]] = set()
        self._claims = Gathering(self._claim)
        self.ends = Gathering(self._end)
        self.stopping = False
        self.ticked = self.heard = time.monotonic()
        """When the loop last moved, and when the last message came; by the monotonic clock."""
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._gone = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run_loop, name="agents", daemon=True)

    # --- called from Celery's threads ---------------------------------------------------------------

    def start(self) -> None:
        """Start the loop and wait until the process is entered in Postgres. Raises what kept it from that."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def offer(self, picks: Sequence[tuple[UUID, int]]) -> bool:
        """Take picks, waiting for a free slot for each. False when the process is stopping and took not all."""
        assert self._loop is not None
        self.heard = time.monotonic()
        if self.stopping:
            return False
        taken = asyncio.run_coroutine_threadsafe(self._admit(picks), self._loop).result()
        self.heard = time.monotonic()
        return taken

    def take_no_more(self) -> None:
        """Refuse picks from now on, also the ones that wait for a slot: Celery waits for them before it stops."""
        self.stopping = True
        if self._loop is not None and self._thread.is_alive():
            # A permit that no job gives back: who waits gets it, sees the stop, and passes it on.
            self._loop.call_soon_threadsafe(lambda: self._slots.release())

    def stop(self) -> None:
        """Finish what runs, hand back what can't finish in time, and leave.

        Threads that a library holds, waiting for a model that says nothing, may outlast this: exit without them.
        """
        self.stopping = True
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._gone.wait()

    # --- the loop -----------------------------------------------------------------------------------

    def _run_loop(self) -> None:
        try:
            uvloop.run(self._main())
        except BaseException as error:  # the thread's end must reach whoever waits for its start
            self._failure = error
            logger.critical("The worker's loop ended: %s", error, exc_info=True)
            if self._ready.is_set() and not self.stopping:
                # Without its loop the process would go on taking messages, and lose every one.
                end_process("its loop ended")
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(self.settings.worker_slots)
        self.pool = await open_pool(self.settings)
        try:
            async with (
                Publisher(self.settings) as self.publisher,
                Doorbell(self.settings) as self.doorbell,
                aclosing(Quotas(self.settings, self.pool)) as self.quotas,
            ):
                self.events = EventWriter(
                    self.pool,
                    self.publisher,
                    self.settings.event_flush_s,
                    lambda held: self._stop_run(held, "lease"),
                )
                await self._register()
                async with asyncio.TaskGroup() as group:
                    background = [
                        group.create_task(self.events.run(), name="events"),
                        group.create_task(self._tick(), name="tick"),
                        group.create_task(self._describe_forever(), name="describe"),
                        group.create_task(self._see_to_upkeep(), name="upkeep"),
                    ]
                    heartbeat = Heartbeat(self)
                    heartbeat.start()
                    background.append(group.create_task(self._listen(heartbeat), name="hints"))
                    self._ready.set()
                    await self._stop.wait()
                    await self._drain()
                    await asyncio.to_thread(heartbeat.stop)
                    for task in background:
                        task.cancel()
                await workers.unregister(self.pool, self.id)
                self.doorbell.ring(self.pool_name)
        finally:
            self.pool.terminate()
            self._gone.set()

    async def _register(self) -> None:
        await workers.register(
            self.pool,
            self.id,
            self.pool_name,
            list(self.specs),
            socket.gethostname(),
            os.getpid(),
            self.settings.worker_slots,
            {},
        )
        self.doorbell.ring(self.pool_name)

    async def _admit(self, picks: Sequence[tuple[UUID, int]]) -> bool:
        for job_id, release in picks:
            await self._slots.acquire()
            if self.stopping:
                self._slots.release()
                return False
            task = asyncio.create_task(self._run(job_id, release), name=encode(Prefix.JOB, job_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    async def _run(self, job_id: UUID, release: int) -> None:
        try:
            claim = await self._claims.call((job_id, release))
            if claim is None:
                logger.debug("Release %d of %s is stale and is forgotten.", release, job_id)
                return
            run = JobRun(self, claim, self.specs[claim.agent], self.runners[claim.agent])
            self.running[claim.held] = run
            try:
                await run.to_its_end()
            finally:
                del self.running[claim.held]
        except DATABASE_FAULTS as error:
            logger.warning("Job %s is left to its lease: Postgres failed (%s).", job_id, error)
        finally:
            self._slots.release()
            self.doorbell.ring(self.pool_name)

    async def _claim(self, picks: Sequence[tuple[UUID, int]]) -> list[Claim | None]:
        claims = {claim.id: claim for claim in await lease.claim(self.pool, picks, self.id, self.name, self.lease)}
        # A message that came twice asks twice, perhaps in one group: one of them gets the job.
        return [claims.pop(job_id, None) for job_id, _ in picks]

    async def _end(self, endings: Sequence[tuple[Claim, Ending]]) -> list[int | None]:
        ended = await lease.end(self.pool, endings)
        return [ended.get(claim.id) for claim, _ in endings]

    # --- called from the heartbeat's thread -----------------------------------------------------------

    def tell(self, reasons: dict[Held, str]) -> None:
        """Stop these runs, for these reasons."""
        assert self._loop is not None

        def stop_runs() -> None:
            for held, reason in reasons.items():
                self._stop_run(held, reason)

        self._loop.call_soon_threadsafe(stop_runs)

    @property
    def has_room(self) -> bool:
        """A pick would find a slot."""
        return len(self._tasks) < self.settings.worker_slots

    def broker_answers(self) -> bool:
        """Whether Redis is there: if it is not, silence is no sign of deafness."""
        url, wait_s = self.settings.redis_url.get_secret_value(), BROKER_ANSWERS_S
        try:
            with redis.from_url(url, socket_timeout=wait_s, socket_connect_timeout=wait_s) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    # --- the loop, in the background ------------------------------------------------------------------

    async def _tick(self) -> None:
        """The sign of life that the heartbeat watches."""
        while True:
            self.ticked = time.monotonic()
            await asyncio.sleep(TICK_S)

    def _stop_run(self, held: Held, reason: str) -> None:
        run = self.running.get(held)
        if run is not None:
            run.stop(reason)

    async def _listen(self, heartbeat: Heartbeat) -> None:
        """Look at once, instead of with the next heartbeat, where something that runs here is to be stopped, and where
        it asks and was answered.
        """
        async for kind, ids in heard(self.settings, StopHints, AnswerHints):
            for run in self.running.values():
                if kind is AnswerHints and run.claim.id in ids:
                    run.context.answered.set()
                elif kind is StopHints and (run.claim.id in ids or run.claim.session_id in ids):
                    heartbeat.hurry()

    async def _describe_forever(self) -> None:
        """Keep in the worker's row what the page and operators want to know: the model, the sandbox and its tier."""
        parts = describers(self.specs.values(), found().packages)
        known: dict[str, Any] = {}
        while parts:
            info: dict[str, Any] = {}
            for describe in parts:
                info |= await describe(self.resources)
            if info != known:
                try:
                    await workers.describe(self.pool, self.id, info)
                    known = info
                except DATABASE_FAULTS as error:
                    logger.warning("The worker could not describe itself (%s).", error)
            well = all(part.get("status", "ok") == "ok" for part in info.values())
            await asyncio.sleep(DESCRIBE_EVERY_S if well else DESCRIBE_EVERY_S / 10)

    async def _see_to_upkeep(self) -> None:
        """Let the agents see to what outlives their jobs. Every process does; they agree by Postgres who does what."""
        duties = upkeeps(self.specs.values(), found().packages)
        while duties:
            for duty in duties:
                try:
                    await duty(self.pool, self.resources)
                except DATABASE_FAULTS as error:
                    logger.warning("Upkeep waits: Postgres is away (%s).", error)
                except Exception:
                    logger.exception("The upkeep of a pool failed; it is tried again.")
            await asyncio.sleep(self.settings.upkeep_every_s)

    async def _drain(self) -> None:
        """Wait for what runs, then hand back the rest."""
        self.stopping = True
        if self._tasks:
            logger.info("Stopping: %d jobs are given %g s to finish.", len(self._tasks), self.settings.worker_drain_s)
            await asyncio.wait(self._tasks, timeout=self.settings.worker_drain_s)
        for run in list(self.running.values()):
            run.stop("shutdown")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * STOP_GRACE_S)
