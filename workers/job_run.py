"""One attempt of one job, from its claim to its end: every way in which a run can end is decided here."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.agents.spec import AgentSpec
from core.database.pool import AWAY
from core.errors import ServiceError
from core.events.types import OF_AGENTS
from core.files.changes import FileChange
from core.ids import Prefix, encode
from core.jobs import lease
from core.jobs.lease import Claim, Ending
from core.jobs.states import Failure, State
from core.usage import repository as usage_days
from core.usage.used import Used
from workers.context import AgentFailure, Context, InfrastructureFault, Interrupted, NoRoom, Outcome
from workers.models.prices import priced

if TYPE_CHECKING:
    from workers.process import WorkerProcess

logger = logging.getLogger(__name__)

STOP_GRACE_S = 5.0
"""How long a run may take to stop after it was asked to, before it is cut off."""

LOOK_FOR_ROOM = timedelta(seconds=2)
"""How long a job that found no room waits in the queue before it is tried again."""

OVERTIME_S = 60.0
"""What an attempt may take beyond its agent's limit: starting a sandbox, fetching files."""


class JobRun:
    """Runs the agent, watches its time, and writes how it ended."""

    def __init__(
        self,
        process: WorkerProcess,
        claim: Claim,
        spec: AgentSpec,
        runner: Callable[[Any, Context], Awaitable[Outcome]],
    ) -> None:
        self.claim = claim
        self._process = process
        self._spec = spec
        self._runner = runner
        self.context = Context(
            claim=claim,
            settings=process.settings,
            pool=process.pool,
            resources=process.resources,
            emit=self._emit,
            flush=lambda: process.events.flush(claim.held),
            quotas=process.quotas,
            room=lambda: process.events.room(claim.held),
        )

    def stop(self, reason: str) -> None:
        """Ask the run to stop. The first reason stays, but for a lost lease, which outweighs every other."""
        if self.context.stop_reason is None or reason == "lease":
            self.context.stop_reason = reason
        self.context.stop.set()

    def _emit(self, type_: str, /, **data: Any) -> None:
        if type_ not in OF_AGENTS:
            raise ValueError(f"Agents have no event {type_!r} to say.")
        if self.context.stop_reason != "lease":
            self._process.events.add(self.claim.held, type_, data)

    async def to_its_end(self) -> None:
        """Run, and write the end. Errors of Postgres pass through: the lease then decides."""
        self._process.events.begin(self.claim.running)
        self._process.publisher.events([self.claim.running])
        work = asyncio.create_task(self._work())
        stopped = asyncio.create_task(self.context.stop.wait())
        late = asyncio.create_task(self.context.clock.passed(self._spec.timeout_s + OVERTIME_S))
        left_s = self.claim.seconds_left
        self.context.ends_at = time.monotonic() + (math.inf if left_s is None else left_s)
        self.context.limit_s = self._spec.timeout_s
        try:
            # The deadline passes also while somebody is asked.
            await asyncio.wait(
                {work, stopped, late}, timeout=self.claim.seconds_left, return_when=asyncio.FIRST_COMPLETED
            )
            if not work.done():
                if not self.context.stop.is_set():
                    self.stop("timeout" if late.done() else "deadline")
                await asyncio.wait({work}, timeout=STOP_GRACE_S)
            if not work.done():
                logger.warning("Job %s did not stop by itself and is cut off.", encode(Prefix.JOB, self.claim.id))
                work.cancel()
                await asyncio.wait({work})
        finally:
            stopped.cancel()
            late.cancel()
        ending = Ending(State.CANCELLED) if work.cancelled() else work.result()
        await self._finish(ending)

    async def _work(self) -> Ending | InfrastructureFault:
        try:
            input_ = self._spec.input_model.model_validate(self.claim.input)
            outcome = await self._runner(input_, self.context)
            return Ending(State.SUCCEEDED, outcome.result, usage=outcome.usage, files=self._files(outcome.files))
        except AgentFailure as failure:
            return Ending(State.FAILED, failure.result, failure.error, failure.usage, files=self._files(failure.files))
        except Interrupted as stop:
            return Ending(State.CANCELLED, stop.result, usage=stop.usage, files=self._files(stop.files))
        except InfrastructureFault as fault:
            return fault
        except ServiceError as refused:
            # What a file that is not there, or a path that can't be, is called everywhere else.
            type_ = Failure.USER_CODE_ERROR if refused.status < 500 else Failure.INTERNAL
            told = {"type": type_.value, "title": refused.title, "detail": refused.detail}
            return Ending(State.FAILED, error=told, files=self._files(()))
        except AWAY as away:
            # Also what an agent meets in a file or on the network and does not explain itself.
            logger.warning("Job %s broke: %s: %s", encode(Prefix.JOB, self.claim.id), type(away).__name__, away)
            return InfrastructureFault("something that the service stands on was away")
        except Exception:
            # A fault of ours: the log has the traceback, the user a sentence.
            logger.exception("The agent %s failed on job %s.", self._spec.name, encode(Prefix.JOB, self.claim.id))
            error = {
                "type": Failure.INTERNAL.value,
                "title": "The agent failed",
                "detail": "Something went wrong on our side while the job ran. Trying again may help.",
            }
            return Ending(State.FAILED, error=error)

    def _files(self, more: Sequence[FileChange]) -> list[FileChange]:
        """What becomes of the session's files: of two changes of one path the later one."""
        return list({change.path: change for change in (*self.context.changes, *more)}.values())

    async def _finish(self, ending: Ending | InfrastructureFault) -> None:
        reason = self.context.stop_reason
        if reason == "lease":
            await self._process.events.take(self.claim.held)
            logger.warning("Job %s was taken from this worker.", encode(Prefix.JOB, self.claim.id))
            return
        if isinstance(ending, InfrastructureFault):
            await self._process.events.flush(self.claim.held)
            await self._process.events.take(self.claim.held)
            await self._count_unfinished(None)
            full = isinstance(ending, NoRoom)
            await lease.break_off(
                self._process.pool,
                self.claim.id,
                self.claim.attempt,
                str(ending),
                counts=not full,
                delay=LOOK_FOR_ROOM if full else None,
            )
            self._process.publisher.moved(self.claim.id, 0)
            return
        if ending.state is State.CANCELLED and reason == "shutdown":
            await self._process.events.flush(self.claim.held)
            await self._process.events.take(self.claim.held)
            await self._count_unfinished(ending.usage)
            await lease.hand_back(self._process.pool, self.claim, "the worker was stopped")
            self._process.publisher.moved(self.claim.id, 0)
            return
        if ending.state is State.CANCELLED and reason == "timeout":
            ending.state = State.FAILED
            ending.error = {
                "type": Failure.TIMEOUT.value,
                "title": "The job ran too long",
                "detail": f"The limit is {self._spec.timeout_s:g} seconds.",
            }
        elif ending.state is State.CANCELLED and reason == "deadline":
            ending.state = State.EXPIRED
        ending.usage = priced(ending.usage, self._process.settings.model_prices)
        ending.events = await self._process.events.take(self.claim.held)
        seq = await self._process.ends.call((self.claim, ending))
        if seq is None:
            logger.warning("Job %s ended here, but under an attempt of the past.", encode(Prefix.JOB, self.claim.id))
        else:
            self._process.publisher.moved(self.claim.id, seq)

    async def _count_unfinished(self, usage: dict[str, Any] | None) -> None:
        """Tokens of an attempt that comes to no end are counted on the day, for the tenant pays for them."""
        used = Used.of(priced(usage or self.context.spent, self._process.settings.model_prices))
        await usage_days.count_unfinished(self._process.pool, self.claim, self._process.id, used)
