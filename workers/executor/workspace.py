"""The sandbox session of a job: found again, or started anew, with the session's files as they should be.

Postgres cannot fence a sandbox. So a job that had a broken attempt, or a session whose sandbox was used last by an
attempt that did not end well, gets a fresh one; the old one is stopped first, and the user is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta

from core.blobs import store
from core.files import repository as files
from core.ids import Prefix, encode
from core.jobs.states import Failure
from core.sessions import sandboxes
from workers.context import AgentFailure, Context, InfrastructureFault
from workers.executor.agentcore import (
    CodeInterpreters,
    Interpreter,
    SandboxError,
    SandboxFull,
    SandboxGone,
    SandboxRefuses,
    SandboxUnreachable,
)

logger = logging.getLogger(__name__)

MARGIN_S = 60
"""A sandbox must live for so long beyond the run's limit, else it is renewed first."""

UPLOAD_GROUP = 8 * 1024 * 1024
"""Bytes of files sent in one call, if a single one is not larger."""

LOOK_AGAIN_S = 0.5
"""Between two looks at a sandbox server that is full, or restarts."""

THROWAWAY_S = 900
"""Lifetime of the sandbox of a job without a session, beyond its time-out."""


class Workspace:
    """An interpreter ready for the job's code, and what is to become of it afterwards."""

    def __init__(self, context: Context, interpreter: Interpreter, *, throwaway: bool) -> None:
        self.interpreter = interpreter
        self.throwaway = throwaway
        self._context = context

    async def lost(self) -> None:
        """The interpreter is gone, or can't be trusted any more: stop it, so that the next job starts a new one."""
        if self._context.session_id is not None:
            await sandboxes.forget(self._context.pool, self._context.session_id, self.interpreter.id)
        await stop_quietly(self._context.resources.interpreters, self.interpreter)


async def stop_quietly(interpreters: CodeInterpreters, interpreter: Interpreter) -> None:
    """Stop a session; one that can't be stopped ends by its lifetime."""
    try:
        await interpreters.blocking(interpreter.stop)
    except SandboxError as error:
        logger.debug("A sandbox session was not stopped: %s", error)


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
                await stop_quietly(context.resources.interpreters, interpreter)
        else:
            yield Workspace(context, await _of_session(context, timeout_s, reset=reset), throwaway=False)
    except SandboxRefuses as error:
        raise AgentFailure(Failure.SANDBOX_UNAVAILABLE, "The sandbox does not run code", error.message) from error
    except SandboxFull as error:
        raise InfrastructureFault(f"the sandbox has no room at the moment: {error.message}") from error
    except SandboxError as error:
        raise InfrastructureFault(error.message) from error


async def _start(context: Context, lifetime_s: int) -> Interpreter:
    """A new session. One that can't be had at the moment is waited for: no code has run yet, so an attempt
    is not worth it. Raises SandboxError after the setting's patience, or when the job is to stop.
    """
    name = f"{encode(Prefix.JOB, context.job_id)}-{context.claim.attempt}"
    give_up_at = time.monotonic() + context.settings.sandbox_patience_s
    told = False
    while True:
        try:
            interpreter = await context.resources.interpreters.start(lifetime_s, name)
            break
        except (SandboxUnreachable, SandboxFull):
            if context.stop.is_set() or time.monotonic() > give_up_at:
                raise
            if not told:
                context.emit("job.progress", message="Waiting for a sandbox …")
                told = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await context.stop.wait()
    context.emit("sandbox.started", tier=await context.resources.interpreters.tier())
    return interpreter


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
                await context.resources.interpreters.blocking(interpreter.touch)
                return await _brought_up_to_date(context, interpreter, known.files_version, known.tier, lifetime=None)
            except (SandboxGone, SandboxUnreachable):
                reason = "the sandbox was gone"
        else:
            await stop_quietly(interpreters, interpreter)
        await sandboxes.forget(context.pool, session_id, known.sandbox_id)
    lifetime_s = max(context.settings.sandbox_session_s, int(timeout_s) + 2 * MARGIN_S)
    interpreter = await _start(context, lifetime_s)
    if reason is not None:
        context.emit("sandbox.reset", reason=reason)
    try:
        tier = await interpreters.tier()
        return await _brought_up_to_date(context, interpreter, 0, tier, lifetime=timedelta(seconds=lifetime_s))
    except BaseException:
        # Not remembered yet, so nobody else will stop it.
        await asyncio.shield(stop_quietly(interpreters, interpreter))
        raise


def _why_not(known: sandboxes.Sandbox, context: Context, timeout_s: float, *, reset: bool) -> str | None:
    """Why the session's sandbox can't be used for this job, in the user's words; None when it can."""
    if reset:
        return "a fresh interpreter was asked for"
    if known.suspect or known.job_id == context.job_id:
        return "an earlier run in it broke off"
    if known.seconds_left < timeout_s + MARGIN_S:
        return "the sandbox reached the end of its lifetime"
    return None


async def _brought_up_to_date(
    context: Context, interpreter: Interpreter, seen: int, tier: str, *, lifetime: timedelta | None
) -> Interpreter:
    """Bring files that changed since into the sandbox, and note under this attempt that the session has it.

    Raises SandboxError, and InfrastructureFault when the attempt lost the job meanwhile.
    """
    session_id = context.session_id
    assert session_id is not None
    version = await files.version(context.pool, session_id)
    if version > seen:
        written, removed = await files.changed_since(context.pool, session_id, seen)
        await _send(context, interpreter, written)
        if seen:
            await context.resources.interpreters.blocking(lambda: interpreter.remove_files(removed))
    kept = await sandboxes.remember(
        context.pool,
        session_id,
        context.job_id,
        context.claim.attempt,
        sandbox_id=interpreter.id,
        tier=tier,
        files_version=version,
        lifetime=lifetime,
    )
    if not kept:
        raise InfrastructureFault("the job was taken from this worker")
    return interpreter


async def _send(context: Context, interpreter: Interpreter, written: list[files.File]) -> None:
    group: list[tuple[str, bytes]] = []
    size = 0

    async def flush() -> None:
        nonlocal group, size
        sending, group, size = group, [], 0
        await context.resources.interpreters.blocking(lambda: interpreter.write_files(sending))

    for file in written:
        if group and size + file.size > UPLOAD_GROUP:
            await flush()
        content = b"".join([piece async for piece in store.read(context.pool, file.blob_id)])
        group.append((file.path, content))
        size += file.size
    await flush()
