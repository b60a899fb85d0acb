"""Stopping sandboxes: at once where a job is done with one, and later those that nobody uses any more."""

from __future__ import annotations

import logging
from datetime import timedelta

from core.database.pool import AWAY, Pool
from core.sessions import sandboxes, started
from core.sessions.started import Started
from core.settings import Settings
from workers.executor.agentcore import CodeInterpreters, Interpreter, SandboxError, SandboxGone

logger = logging.getLogger(__name__)


async def stop_quietly(pool: Pool, interpreters: CodeInterpreters, interpreter: Interpreter) -> None:
    """Stop a session; one that can't be stopped is tried again by whoever looks after orphans."""
    try:
        await interpreters.blocking(interpreter.stop)
    except SandboxGone:
        pass
    except SandboxError as error:
        logger.debug("A sandbox session was not stopped: %s", error)
        return
    try:
        await started.has_stopped(pool, interpreter.id)
    except AWAY as error:
        logger.debug("That a sandbox session was stopped was not noted: %s", error)


async def look_after(pool: Pool, interpreters: CodeInterpreters, settings: Settings) -> int:
    """One pass of the upkeep: end what is idle, stop what nobody uses. Any worker may do it at any time.

    Returns how many sandboxes were stopped.
    """
    idle = timedelta(seconds=settings.sandbox_idle_s)
    await sandboxes.end_idle(pool, idle, f"nobody used it for {in_words(idle)}")
    orphans = await started.take_orphans(pool)
    for orphan in orphans:
        for interpreter in await _found(interpreters, orphan):
            logger.info("Stopping the sandbox session %s, which nobody uses.", interpreter.id)
            await stop_quietly(pool, interpreters, interpreter)
        if orphan.sandbox_id is None:
            await started.never_started(pool, orphan.token)
    return len(orphans)


async def _found(interpreters: CodeInterpreters, orphan: Started) -> list[Interpreter]:
    """The sandbox; where only its token is known, what each server gives for that: this one, or a new one in vain."""
    if orphan.sandbox_id is not None:
        return [interpreters.attach(orphan.sandbox_id)]
    return await interpreters.start_everywhere(orphan.lifetime_s, orphan.name, orphan.token)


def in_words(time: timedelta) -> str:
    """As people say it."""
    seconds = time.total_seconds()
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
