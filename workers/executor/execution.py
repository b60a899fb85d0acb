"""The program's way through the sandbox: sent with the harness, watched while it runs, its report read."""

from __future__ import annotations

import asyncio
import json
import logging

from pydantic import ValidationError

from core.agents.execute import ExecuteInput
from core.ids import Prefix, encode
from workers.context import Context
from workers.executor.agentcore import Interpreter, Invocation, SandboxBusy, SandboxError, SandboxGone
from workers.executor.output import Output
from workers.executor.report import REPORT_LIMIT, Report
from workers.executor.shipping import harness

logger = logging.getLogger(__name__)

FOLDER = ".aci"
QUIET_AGAIN_S = 10.0
"""How long an interrupted run may take to let go of its interpreter."""
POLL_S = 0.05


class Execution:
    """One program in one interpreter."""

    def __init__(self, input_: ExecuteInput, context: Context, interpreter: Interpreter, output: Output) -> None:
        self._input = input_
        self._context = context
        self._interpreter = interpreter
        self._interpreters = context.resources.interpreters
        self._output = output
        self._identifier = f"{encode(Prefix.JOB, context.job_id)}-{context.claim.attempt}"
        self.stopped: str | None = None
        """Why the run was stopped before its end, if it was."""
        self.broken: SandboxError | None = None
        """How its stream broke, if it did."""

    async def send(self) -> None:
        """The harness, the program, and the files that came with it. Raises SandboxError."""
        request = {"code": self._input.code, "inputs": self._input.inputs}
        files = [
            (f"{FOLDER}/{harness().file}", harness().content),
            (f"{FOLDER}/{self._identifier}/request.json", json.dumps(request).encode()),
        ]
        files += [(file.path, file.content) for file in self._input.files or []]
        await self._interpreters.blocking(lambda: self._interpreter.write_files(files))

    async def watch(self) -> None:
        """Run to the end, or until it is to stop. Raises SandboxError when it did not start."""
        code = self._start()
        invocation = await self._interpreters.blocking(lambda: self._interpreter.execute(code))
        reading = asyncio.create_task(self._read(invocation))
        stop = asyncio.create_task(self._context.stop.wait())
        try:
            await asyncio.wait({reading, stop}, timeout=self._input.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                self.stopped = self._context.stop_reason if self._context.stop.is_set() else "timeout"
                await asyncio.to_thread(invocation.hang_up)
            self.broken = await reading
        except asyncio.CancelledError:
            invocation.hang_up()
            raise
        finally:
            stop.cancel()

    def _start(self) -> str:
        """What the sandbox is asked to run: names nothing in the user's namespace, works from any folder."""
        return (
            f"(lambda sys, path: path in sys.path or sys.path.insert(0, path))"
            f"(__import__('sys'), __import__('os').path.abspath({f'{FOLDER}/{harness().file}'!r}))\n"
            f"__import__({harness().module!r}).run({self._identifier!r})"
        )

    async def _read(self, invocation: Invocation) -> SandboxError | None:
        try:
            async for frame in self._interpreters.frames(invocation):
                self._output.take(frame)
                await self._context.room()
        except SandboxError as error:
            return error
        return None

    async def report(self) -> Report | None:
        """What the harness wrote; None when it wrote nothing, or nothing that can be read.

        After an interrupt the interpreter needs a moment until the harness has written it: ask again when the run is
        over. One that ignored the interrupt is ended by its server, and then the session is gone; one that was
        interrupted before the harness was loaded leaves none.
        """
        content: bytes | None = None
        over = self.stopped is None
        try:
            async with asyncio.timeout(QUIET_AGAIN_S):
                while (content := await self._fetch_if_free("report.json")) is None and not over:
                    try:
                        await self._interpreters.blocking(self._interpreter.wait_for_its_turn)
                        over = True
                    except SandboxBusy:
                        await asyncio.sleep(POLL_S)
        except (TimeoutError, SandboxGone):
            return None
        if content is None or len(content) > REPORT_LIMIT:
            return None
        try:
            return Report.model_validate_json(content)
        except ValidationError:
            logger.info("A report was not of its form; the run counts as broken.")
            return None

    async def fetch(self, name: str) -> bytes | None:
        """A file that the harness left beside its report. Raises SandboxError."""
        path = f"{FOLDER}/{self._identifier}/{name}"
        return await self._interpreters.blocking(lambda: self._interpreter.read_file(path))

    async def _fetch_if_free(self, name: str) -> bytes | None:
        try:
            return await self.fetch(name)
        except SandboxBusy:
            return None
