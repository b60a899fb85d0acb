"""What a runner is given: all that an agent may know and do, and nothing of how jobs are kept.

A runner is `async run(input, context) -> Outcome`. It emits events while it works and returns its outcome; it
raises `AgentFailure` for an end that is not a success, `Interrupted` when it noticed the cancel or the deadline,
and `InfrastructureFault` for what another attempt may mend. Any other exception is a fault of ours.

Packages from outside are written against this module and `core.agents.spec` (docs/agents.md): names here stay.
"""

from __future__ import annotations

import asyncio
import io
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from core.blobs import store
from core.database.pool import Pool
from core.errors import NotFound
from core.files import repository as session_files
from core.files.changes import FileChange
from core.files.paths import checked_path
from core.files.repository import File
from core.ids import Prefix, encode
from core.jobs.lease import Claim
from core.jobs.states import Failure
from core.sessions import repository as sessions
from core.sessions.repository import Turn
from core.settings import Settings
from core.usage.used import Used
from workers import budgets
from workers.asking import ask
from workers.clock import RunClock
from workers.models.prices import priced
from workers.quotas import Quotas
from workers.resources import Resources

if TYPE_CHECKING:
    from workers.model_answers import ModelAnswer
    from workers.sandbox import Sandbox

LARGEST_READ = 16 * 1024 * 1024
"""Bytes of a session's file that `Context.read_file` gives, unless more are asked for."""


@dataclass(slots=True)
class Outcome:
    """How a run ended well."""

    result: dict[str, Any]
    usage: dict[str, Any] | None = None
    files: Sequence[FileChange] = ()
    """Changes of the session's files, to be made in the job's last transaction."""


class AgentFailure(Exception):
    """The agent could not do it, and another attempt would not either."""

    def __init__(
        self,
        type_: Failure,
        title: str,
        detail: str,
        *,
        result: dict[str, Any] | None = None,
        usage: dict[str, Any] | None = None,
        files: Sequence[FileChange] = (),
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{type_}: {title}")
        self.type = type_
        self.result = result
        self.usage = usage
        self.files = files
        self.error: dict[str, Any] = {"type": type_.value, "title": title, "detail": detail, **(extra or {})}


class Interrupted(Exception):
    """The run stopped because it was asked to; `result` is what it had made so far."""

    def __init__(
        self,
        *,
        result: dict[str, Any] | None = None,
        usage: dict[str, Any] | None = None,
        files: Sequence[FileChange] = (),
    ) -> None:
        super().__init__("interrupted")
        self.result = result
        self.usage = usage
        self.files = files


class InfrastructureFault(Exception):
    """Something that the service stands on failed; the job goes back to its queue while attempts remain."""


class NoRoom(InfrastructureFault):
    """Nothing failed, but there is no room at the moment: the job waits in the queue, and this costs no attempt."""


class Emit(Protocol):
    """Say what happens, as an event of the job."""

    def __call__(self, type_: str, /, **data: Any) -> None: ...


async def _always() -> None:
    """There is room."""


@dataclass(slots=True)
class Context:
    """One attempt of one job, from the inside."""

    claim: Claim
    settings: Settings
    pool: Pool
    resources: Resources
    """What all jobs of this process share: model clients and the like."""
    emit: Emit
    flush: Callable[[], Awaitable[None]]
    """Write now what was emitted so far."""
    room: Callable[[], Awaitable[None]] = _always
    """Wait while much of what was emitted is still to be written: for agents that say a great deal."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the run should end early; `stop_reason` says why. Check it, or wait on it beside the work."""
    stop_reason: str | None = None
    """`cancel`, `timeout`, `deadline`, `lease` (lost) or `shutdown`."""
    quotas: Quotas | None = None
    """What may still be spent and stored; None where nothing is limited."""
    spent: dict[str, Any] | None = None
    """What the run was last known to have used, of models."""
    clock: RunClock = field(default_factory=RunClock)
    """The attempt's time; while somebody is asked it stands still."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be an answer to what was asked."""
    ends_at: float = math.inf
    """When the job's deadline is, by the monotonic clock; the run is then asked to stop."""
    limit_s: float = math.inf
    """And how long it may take, by its own clock."""
    changes: list[FileChange] = field(default_factory=list)
    """What the run did to the session's files so far; made durable in the job's last transaction, however it ends."""
    opened: Sandbox | None = None
    """The sandbox that the run has used."""
    started_sandboxes: int = 0
    """How many this attempt had started so far: each has a token of its own."""

    async def ask(self, prompt: str, *, password: bool = False) -> str | None:
        """Ask whoever follows the job, one question at a time, and wait for the answer (`ACI_INPUT_WAIT_S`). None where
        none came in time, or the run is to stop.
        """
        return await ask(self, prompt, password=password)

    async def check_budget(self, usage: dict[str, Any] | None = None, result: dict[str, Any] | None = None) -> None:
        """To be asked before a model is: raises AgentFailure (`budget-exceeded`) when the tokens or the money of the
        job, its session or the day are used up. `usage` is what this job has used so far, counted even where its
        attempt is lost, and `result` what it has made, which it keeps.
        """
        self.spent = usage or self.spent
        used = Used.of(priced(usage, self.settings.model_prices))
        found = await budgets.exceeded(self.settings, self.pool, self.claim, used)
        if found is None and self.quotas is not None:
            day = await self.quotas.overspent(self.claim, used)
            found = (
                budgets.Exceeded("The day's budget is used up", f"{day} The next day begins at 00:00 UTC.")
                if day
                else None
            )
        if found is not None:
            raise AgentFailure(Failure.BUDGET_EXCEEDED, found.title, found.detail, result=result, usage=usage)

    async def has_room(self, size: int) -> bool:
        """Whether `size` bytes more may be stored."""
        return self.quotas is None or await self.quotas.has_room(self.claim, size)

    @property
    def job_id(self) -> UUID:
        """The job."""
        return self.claim.id

    @property
    def session_id(self) -> UUID | None:
        """Its session, if it has one."""
        return self.claim.session_id

    @property
    def seconds_left(self) -> float:
        """Until the agent's limit or the job's deadline, whichever is first."""
        return min(self.limit_s - self.clock.used, self.ends_at - time.monotonic())

    def check_stop(self, result: dict[str, Any] | None = None) -> None:
        """Raises Interrupted, with what was made so far, once the run should end."""
        if self.stop.is_set():
            raise Interrupted(result=result)

    # --- saying ---------------------------------------------------------------------------------------

    def progress(
        self, message: str, *, step: int | None = None, steps: int | None = None, percent: float | None = None
    ) -> None:
        """Say where the work stands."""
        told = {"message": message, "step": step, "steps": steps, "percent": percent}
        self.emit("job.progress", **{name: value for name, value in told.items() if value is not None})

    def say(self, text: str) -> None:
        """The next piece of the answer's text, as Markdown."""
        self.emit("text.delta", text=text)

    def show(self, data: dict[str, Any]) -> None:
        """A value: each MIME type maps to its text, or to JSON."""
        self.emit("output", data=data)

    # --- the session ----------------------------------------------------------------------------------

    async def history(self, limit: int = 12) -> list[Turn]:
        """The newest ended jobs of the session, oldest first; empty without a session."""
        return [] if self.session_id is None else await sessions.conversation(self.pool, self.session_id, limit)

    async def files(self) -> list[File]:
        """The session's files as they are, by path; empty without a session."""
        if self.session_id is None:
            return []
        return await session_files.current(self.pool, self.claim.tenant_id, self.session_id)

    async def read_file(self, path: str, limit: int = LARGEST_READ) -> bytes:
        """The first `limit` bytes of one of the session's files. Raises NotFound (core.errors) when it is not there."""
        if self.session_id is None:
            raise NotFound("A job without a session has no files.")
        file = await session_files.get(self.pool, self.claim.tenant_id, self.session_id, path)
        pieces = [piece async for piece in store.read(self.pool, file.blob_id, 0, limit)]
        return b"".join(pieces)[:limit]

    async def save_file(self, path: str, content: bytes) -> None:
        """Give the session a file, or another content to one it has.

        Raises InvalidInput for a path that can't be, NotFound without a session, AgentFailure where there is no room.
        """
        path = checked_path(path)
        if self.session_id is None:
            raise NotFound("A job without a session has no files.")
        if not await self.has_room(len(content)):
            raise AgentFailure(
                Failure.OUTPUT_LIMIT,
                "No room left for files",
                f"{path} would be more than the limit allows to be stored.",
            )
        known = {file.path for file in await self.files()} | {change.path for change in self.changes}
        async with self.pool.acquire() as connection, connection.transaction():
            blob = await store.write(connection, self.claim.tenant_id, io.BytesIO(content))
        if self.opened is not None:
            await self.opened.put(path, content)
        change = FileChange(path, "modified" if path in known else "created", blob.id, blob.size)
        self.changes.append(change)
        file_id = encode(Prefix.FILE, change.file_id)
        self.emit("file.changed", path=path, size=change.size, change=change.change, file_id=file_id)

    # --- sandbox and models ---------------------------------------------------------------------------

    def sandbox(self, timeout_s: float = 60) -> AbstractAsyncContextManager[Sandbox]:
        """The session's sandbox with its files, or a throw-away one; `timeout_s` is the longest use of it.

        An agent that uses the session's declares `Holds.SANDBOX`, so that no other job is in it at the same time.
        """
        from workers.sandbox import sandbox

        return sandbox(self, timeout_s)

    async def ask_models(self, prompt: str, system: str = "", *, shown: bool = True) -> ModelAnswer:
        """Ask the models in their order, saying the answer as it comes unless it is not to be `shown`.

        Raises AgentFailure where none can, would or may answer, and Interrupted. The agent declares `asks_models`.
        """
        from workers.model_answers import ask_models

        return await ask_models(self, prompt, system, shown=shown)
