"""The sandbox session of a job: found again, or started anew, with the session's files as they should be.

Postgres cannot fence a sandbox. So a job that had a broken attempt, or a session whose sandbox was used last by an
attempt that did not end well, gets a fresh one; the old one is stopped first, and the user is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID

from core.blobs import store
from core.files import repository as files
from core.ids import Prefix, encode
from core.jobs.states import Failure
from core.sessions import sandboxes, started
from core.sessions.sandboxes import FRESH_WANTED
from workers.context import AgentFailure, Context, InfrastructureFault, NoRoom
from workers.executor.agentcore import (
    Interpreter,
    SandboxError,
    SandboxFull,
    SandboxGone,
    SandboxRefuses,
    SandboxUnreachable,
)
from workers.executor.stopping import stop_quietly
from workers.executor.transfers import PIECE, Transfers

MARGIN_S = 60
"""A sandbox must live for so long beyond the run's limit, else it is renewed first."""

UPLOAD_GROUP = 8 * 1024 * 1024
"""Bytes of small files that are sent in one call; large ones go piece by piece."""

LOOK_AGAIN_S = 0.5
"""Between two looks at a sandbox server that is full, or restarts."""

THROWAWAY_S = 900
"""Lifetime of the sandbox of a job without a session, beyond its time-out."""


class Workspace:
    """An interpreter ready for the job's code, and what is to become of it afterwards."""

    def __init__(self, context: Context, interpreter: Interpreter, *, throwaway: bool) -> None:
        self.interpreter = interpreter
        self.throwaway = throwaway
        self.gone = False
        self._context = context

    async def lost(self) -> None:
        """The interpreter is gone, or can't be trusted any more: stop it, so that the next job starts a new one."""
        self.gone = True
        if self._context.session_id is not None:
            await sandboxes.end(
                self._context.pool,
                self._context.session_id,
                self.interpreter.id,
                "the run before ended its interpreter",
            )
        await stop_quietly(self._context.pool, self._context.resources.interpreters, self.interpreter)


@contextlib.asynccontextmanager
async def opened(context: Context, timeout_s: float, *, reset: bool) -> AsyncIterator[Workspace]:
    """The job's workspace; a throw-away one is stopped at the end.

    Raises AgentFailure where the server refuses to run code, InfrastructureFault where it can't at the moment.
    """
    try:
        if context.session_id is None:
            interpreter = await _start(context, int(timeout_s) + THROWAWAY_S)
            try:
                yield Workspace(context, interpreter, throwaway=True)
            finally:
                await stop_quietly(context.pool, context.resources.interpreters, interpreter)
        else:
            yield Workspace(context, await _of_session(context, timeout_s, reset=reset), throwaway=False)
    except SandboxRefuses as error:
        raise AgentFailure(Failure.SANDBOX_UNAVAILABLE, "The sandbox does not run code", error.message) from error
    except SandboxFull as error:
        raise NoRoom(f"the sandbox has no room at the moment: {error.message}") from error
    except SandboxError as error:
        raise InfrastructureFault(error.message) from error


async def _start(context: Context, lifetime_s: int) -> Interpreter:
    """A new session. Where there is no room, the tenant's longest idle one makes some. One that can't be had at the
    moment is waited for: no code has run yet, so an attempt is not worth it. Raises SandboxError after the setting's
    patience, or when the job is to stop.
    """
    interpreters, starting = context.resources.interpreters, _starting(context, lifetime_s)
    context.started_sandboxes += 1
    await started.begin(context.pool, context.claim.held, starting)
    give_up_at = time.monotonic() + context.settings.sandbox_patience_s
    told = False
    while True:
        try:
            interpreter = await interpreters.start(lifetime_s, starting.name, starting.token)
            break
        except (SandboxUnreachable, SandboxFull) as error:
            full = isinstance(error, SandboxFull)
            if full and await _make_room(context):
                continue
            if context.stop.is_set() or time.monotonic() > give_up_at:
                if full:
                    await started.never_started(context.pool, starting.token)
                raise
            if not told:
                context.emit("job.progress", message="Waiting for a sandbox …")
                told = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await context.stop.wait()
    await started.has_started(context.pool, starting.token, interpreter.id)
    context.emit("sandbox.started", tier=await interpreters.tier())
    return interpreter


def _starting(context: Context, lifetime_s: int) -> started.Started:
    """What is to be started. Its token is made of the attempt, and counted in it: whoever takes up after a worker that
    died in the middle gets the same sandbox by it, and can stop it.
    """
    job, attempt = context.job_id, context.claim.attempt
    again = f"-{context.started_sandboxes}" if context.started_sandboxes else ""
    return started.Started(f"{job.hex}-{attempt}-sandbox{again}", f"{encode(Prefix.JOB, job)}-{attempt}", lifetime_s)


async def _make_room(context: Context) -> bool:
    """Stop the sandbox of the tenant that was not used for longest. False where all are in use."""
    sandbox_id = await sandboxes.end_longest_idle(
        context.pool, context.claim.tenant_id, context.session_id, "its room was needed for another session"
    )
    if sandbox_id is None:
        return False
    interpreters = context.resources.interpreters
    await stop_quietly(context.pool, interpreters, interpreters.attach(sandbox_id))
    return True


async def _of_session(context: Context, timeout_s: float, *, reset: bool) -> Interpreter:
    interpreters, session_id = context.resources.interpreters, context.session_id
    assert session_id is not None
    known = await sandboxes.get(context.pool, session_id)
    reason = None
    if known is not None:
        reason = _why_not(known, context, timeout_s, reset=reset)
        interpreter = interpreters.attach(known.sandbox_id)
        if reason is None:
            try:
                await interpreters.blocking(interpreter.touch)
                if await _brought_up_to_date(context, interpreter, known.files_version, known.tier, lifetime=None):
                    return interpreter
                reason = await _taken_away(context, session_id)
            except (SandboxGone, SandboxUnreachable):
                reason = "the sandbox was gone"
        else:
            await stop_quietly(context.pool, interpreters, interpreter)
        await sandboxes.end(context.pool, session_id, known.sandbox_id, reason)
    lifetime_s = max(context.settings.sandbox_session_s, int(timeout_s + _margin(context)) + MARGIN_S)
    interpreter = await _start(context, lifetime_s)
    if reason is not None:
        context.emit("sandbox.reset", reason=reason)
    try:
        tier = await interpreters.tier()
        if await _brought_up_to_date(context, interpreter, 0, tier, lifetime=timedelta(seconds=lifetime_s)):
            return interpreter
        raise InfrastructureFault("the job was taken from this worker")
    except BaseException:
        # Not remembered yet, so nobody else will stop it soon.
        await asyncio.shield(stop_quietly(context.pool, interpreters, interpreter))
        raise


async def _taken_away(context: Context, session_id: UUID) -> str:
    """Why a sandbox that was good a moment ago is not any more. Raises InfrastructureFault where it is the job that is
    not this attempt's any more.
    """
    known = await sandboxes.get(context.pool, session_id)
    if known is None or known.ended_because is None:
        raise InfrastructureFault("the job was taken from this worker")
    return known.ended_because


def _margin(context: Context) -> float:
    """For how long beyond the run's limit a sandbox must live: also while a program waits for an answer."""
    return MARGIN_S + (context.settings.input_wait_s if context.resources.interpreters.live else 0.0)


def _why_not(known: sandboxes.Sandbox, context: Context, timeout_s: float, *, reset: bool) -> str | None:
    """Why the session's sandbox can't be used for this job, in the user's words; None when it can."""
    if reset:
        return FRESH_WANTED
    if known.ended_because is not None:
        return known.ended_because
    if known.suspect or known.job_id == context.job_id:
        return "an earlier run in it broke off"
    if known.seconds_left < timeout_s + _margin(context):
        return "the sandbox reached the end of its lifetime"
    return None


async def _brought_up_to_date(
    context: Context, interpreter: Interpreter, seen: int, tier: str, *, lifetime: timedelta | None
) -> bool:
    """Bring files that changed since into the sandbox, and note under this attempt that the session has it. False when
    the attempt lost the job, or the session that sandbox, meanwhile. Raises SandboxError.
    """
    session_id = context.session_id
    assert session_id is not None
    version = await files.version(context.pool, session_id)
    if version > seen:
        written, removed = await files.changed_since(context.pool, session_id, seen)
        await send_files(context, interpreter, [(file.path, file.size, file.blob_id) for file in written])
        if seen:
            await context.resources.interpreters.blocking(lambda: interpreter.remove_files(removed))
    return await sandboxes.remember(
        context.pool,
        session_id,
        context.job_id,
        context.claim.attempt,
        sandbox_id=interpreter.id,
        tier=tier,
        files_version=version,
        lifetime=lifetime,
    )


async def send_files(context: Context, interpreter: Interpreter, files: Sequence[tuple[str, int, UUID]]) -> None:
    """Write files, each given as path, size and blob, into the sandbox. Raises SandboxError."""
    interpreters = context.resources.interpreters
    transfers = Transfers(interpreters, interpreter, context.job_id.hex)
    group: list[tuple[str, bytes]] = []
    gathered = 0
    for path, size, blob_id in files:
        if size > PIECE:
            await transfers.into(path, store.read(context.pool, blob_id))
            continue
        if group and gathered + size > UPLOAD_GROUP:
            await interpreters.blocking(lambda sending=group: interpreter.write_files(sending))  # type: ignore[misc]
            group, gathered = [], 0
        group.append((path, b"".join([piece async for piece in store.read(context.pool, blob_id)])))
        gathered += size
    await interpreters.blocking(lambda: interpreter.write_files(group))
