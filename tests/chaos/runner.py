"""The runner of the test agents. Every step is an event with the attempt's and its own number in it, so that a step
that was lost, written twice, or written by an attempt of the past can be told from the events alone.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import threading

from core.blobs import store
from core.files.changes import FileChange
from core.jobs import artifacts
from core.jobs.states import Failure
from tests.chaos.agents import StepsInput, StepsResult
from workers.context import AgentFailure, Context, InfrastructureFault, Interrupted, Outcome


def token(attempt: int, step: int) -> str:
    """What a step says."""
    return f"{attempt}.{step};"


async def run(input_: StepsInput, context: Context) -> Outcome:
    """Take the steps."""
    attempt = context.claim.attempt
    fails = input_.fails if not input_.times or attempt <= input_.times else "never"
    for step in range(1, input_.steps + 1):
        await _pause(input_.pause_s, context, heeds_stop=fails != "hang")
        # Two kinds, because neighbouring texts are merged into one event and progress is not.
        if step % 2:
            context.emit("stdout", text=token(attempt, step))
        else:
            context.emit("job.progress", message=token(attempt, step))
        if step == (input_.steps + 1) // 2:
            await _fail(fails, context)
    changes = await _keep(context) if input_.keeps else []
    return Outcome(StepsResult(attempt=attempt, steps=input_.steps).model_dump(), files=changes)


async def _pause(pause_s: float, context: Context, *, heeds_stop: bool) -> None:
    if not heeds_stop:
        await asyncio.sleep(pause_s)
        return
    if context.stop.is_set():
        raise Interrupted
    if pause_s:
        try:
            async with asyncio.timeout(pause_s):
                await context.stop.wait()
        except TimeoutError:
            return
        raise Interrupted


async def _fail(how: str, context: Context) -> None:
    match how:
        case "failure":
            raise AgentFailure(Failure.USER_CODE_ERROR, "It failed", "It was asked to.")
        case "fault":
            raise InfrastructureFault("it was asked to break")
        case "kill":
            await context.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            await asyncio.Event().wait()
        case "block":
            await context.flush()
            threading.Event().wait()  # in the loop's own thread: nothing else of the process's jobs moves


async def _keep(context: Context) -> list[FileChange]:
    """An artifact under the attempt, and a file to be changed with the job's end."""
    content = str(context.claim.attempt).encode()
    await artifacts.keep(context.pool, context.claim, "attempt.txt", "text/plain", io.BytesIO(content))
    if context.session_id is None:
        return []
    async with context.pool.acquire() as connection, connection.transaction():
        blob = await store.write(connection, context.claim.tenant_id, io.BytesIO(content))
    return [FileChange("attempt.txt", "modified", blob.id, blob.size)]
