"""A job's question to whoever follows it: opened, told, waited for, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from typing import TYPE_CHECKING, Final

from core.database.pool import AWAY
from core.jobs import questions

if TYPE_CHECKING:
    from workers.context import Context

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How long a lost hint can delay an answer."""
MAX_PROMPT: Final = 1000
"""Characters of a prompt; of a longer one the end is told."""


async def ask(context: Context, prompt: str, *, password: bool) -> str | None:
    """The answer; None where none came in time, or the run is to stop. The run's clock stands still meanwhile."""
    request = secrets.token_hex(8)
    with context.clock.standing_still():
        context.answered.clear()
        if not await questions.ask(context.pool, context.claim.held, request):
            return None  # the attempt has lost its job, and will hear of it
        try:
            context.emit("input.requested", request=request, prompt=prompt[-MAX_PROMPT:], password=password)
            await context.flush()
            text = await _awaited(context, request)
        finally:
            late = await asyncio.shield(_closed(context, request))
    text = late if text is None else text
    if text is not None:
        context.emit("input.received", request=request)
    return text


async def _awaited(context: Context, request: str) -> str | None:
    give_up_at = time.monotonic() + context.settings.input_wait_s
    stop = asyncio.create_task(context.stop.wait())
    try:
        while not stop.done():
            answered = asyncio.create_task(context.answered.wait())
            left = min(give_up_at - time.monotonic(), LOOK_EVERY_S)
            await asyncio.wait({answered, stop}, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
            answered.cancel()
            context.answered.clear()
            with contextlib.suppress(*AWAY):  # the lease decides whether the wait goes on
                text = await questions.take(context.pool, context.claim.held, request)
                if text is not None:
                    return text
            if time.monotonic() >= give_up_at:
                return None
        return None
    finally:
        stop.cancel()


async def _closed(context: Context, request: str) -> str | None:
    try:
        return await questions.close(context.pool, context.claim.held, request)
    except AWAY as error:
        logger.warning("A question was not closed (%s); it is over with its attempt.", error)
        return None
