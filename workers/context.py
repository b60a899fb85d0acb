"""What a runner is given: all that an agent may know and do, and nothing of how jobs are kept.

A runner is `async run(input, context) -> Outcome`. It emits events while it works and returns its outcome; it
raises `AgentFailure` for an end that is not a success, `Interrupted` when it noticed the cancel or the deadline,
and `InfrastructureFault` for what another attempt may mend. Any other exception is a fault of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from core.database.pool import Pool
from core.files.changes import FileChange
from core.jobs.lease import Claim
from core.jobs.states import Failure
from core.settings import Settings
from core.usage.used import Used
from workers.asking import ask
from workers.clock import RunClock
from workers.models.prices import priced
from workers.quotas import Quotas
from workers.resources import Resources


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
    clock: RunClock = field(default_factory=RunClock)
    """The attempt's time; while somebody is asked it stands still."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there may be an answer to what was asked."""

    async def ask(self, prompt: str, *, password: bool = False) -> str | None:
        """Ask whoever follows the job, one question at a time, and wait for the answer (`ACI_INPUT_WAIT_S`). None where
        none came in time, or the run is to stop.
        """
        return await ask(self, prompt, password=password)

    async def check_budget(self, usage: dict[str, Any] | None = None, result: dict[str, Any] | None = None) -> None:
        """To be asked before a model is: raises AgentFailure (`budget-exceeded`) when the day's tokens or money are
        used up. `usage` is what this job has used so far, and `result` what it has made, which it keeps.
        """
        if self.quotas is None:
            return
        spent = await self.quotas.overspent(self.claim, Used.of(priced(usage, self.settings.model_prices)))
        if spent is not None:
            raise AgentFailure(
                Failure.BUDGET_EXCEEDED,
                "The day's budget is used up",
                f"{spent} The next day begins at 00:00 UTC.",
                result=result,
                usage=usage,
            )

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
