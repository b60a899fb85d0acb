"""The program's way through the sandbox: sent with the harness, watched while it runs, its report read.

Most runs take one call: the request goes inside the code, and outputs and report come back between the lines of what is
printed. Files are written and read where something does not fit in there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from core.agents.execute import ExecuteInput
from core.ids import Prefix, encode
from workers.context import Context, InfrastructureFault
from workers.executor.agentcore import Interpreter, Invocation, SandboxBusy, SandboxError, SandboxGone
from workers.executor.marks import Mark
from workers.executor.output import Output
from workers.executor.questions import Questions
from workers.executor.report import REPORT_LIMIT, Report
from workers.executor.shipping import SHIPPED, harness

logger = logging.getLogger(__name__)

FOLDER = ".aci"
QUIET_AGAIN_S = 10.0
"""How long an interrupted run may take to let go of its interpreter."""
POLL_S = 0.05
INLINE_BUDGET = 400_000
"""Characters of outputs and report that one run sends between what it prints. The sandbox counts them as output."""

BOOTSTRAP = """
import importlib, os, sys
works = [m.home.WORK for n, m in list(sys.modules.items()) if n.startswith("aci_harness_") and "." not in n]
path = os.path.join(works[0] if works else os.getcwd(), FOLDER, MODULE + ".zip")
if MODULE not in sys.modules and os.path.exists(path):
    sys.path_importer_cache.pop(path, None)
    sys.path.insert(0, path)
    try:
        importlib.import_module(MODULE)
    finally:
        sys.path.remove(path)
if MODULE in sys.modules:
    sys.modules[MODULE].run(REQUEST)
else:
    print(f"[[aci:{NONCE}:missing:0:0]]", end="", flush=True)
"""
"""What the sandbox runs: the harness, if it is there. It names nothing in the user's namespace, and works from any
folder that an earlier program went to."""


def start_of(request: dict[str, Any]) -> str:
    """What the sandbox is to run for a request to the harness (`harness.running.run` says what is in one)."""
    names = {"FOLDER": FOLDER, "MODULE": harness().module, "NONCE": request["nonce"], "REQUEST": json.dumps(request)}
    return f"exec({BOOTSTRAP!r}, {names!r})"


class Execution:
    """One program in one interpreter."""

    def __init__(
        self,
        input_: ExecuteInput,
        context: Context,
        interpreter: Interpreter,
        on_mark: Callable[[Mark], Awaitable[None]],
        step: int | None = None,
    ) -> None:
        self._input = input_
        self._context = context
        self._interpreter = interpreter
        self._interpreters = context.resources.interpreters
        self._on_mark = on_mark
        self._questions = Questions(context, interpreter, asks=step is None)
        attempt = f"{encode(Prefix.JOB, context.job_id)}-{context.claim.attempt}"
        self._identifier = attempt if step is None else f"{attempt}-{step}"
        self._nonce = secrets.token_hex(8)
        self._began = False
        self._missing = False
        self._said: str | None = None
        self.output = Output(context, self._nonce)
        self.stopped: str | None = None
        """Why the run was stopped before its end, if it was."""
        self.broken: SandboxError | None = None
        """How its stream broke, if it did."""

    async def send(self) -> None:
        """The files that came with the program, and the harness unless it is known to be there. Raises SandboxError."""
        files = [(file.path, file.content) for file in self._input.files or []]
        if not SHIPPED.has(self._interpreter.id):
            files.append((f"{FOLDER}/{harness().file}", harness().content))
        await self._write(files)

    async def watch(self) -> None:
        """Run to the end, or until it is to stop. Raises SandboxError when it did not start, InfrastructureFault."""
        await self._run()
        if self._missing:  # somebody has cleared the folder away, and nothing has run
            await self._write([(f"{FOLDER}/{harness().file}", harness().content)])
            self._missing = False
            await self._run()
            if self._missing:
                raise InfrastructureFault("the sandbox does not keep what is written into it")
        for mark in self.output.finish():
            await self._hear(mark)

    async def _write(self, files: list[tuple[str, bytes]]) -> None:
        if files:
            await self._interpreters.blocking(lambda: self._interpreter.write_files(files))
            SHIPPED.add(self._interpreter.id)

    def _start(self) -> str:
        return start_of(
            {
                "id": self._identifier,
                "nonce": self._nonce,
                "inline": INLINE_BUDGET,
                "code": self._input.code,
                "inputs": self._input.inputs,
                "ask": self._questions.somebody_waits,
            }
        )

    async def _run(self) -> None:
        code = self._start()
        invocation = await self._interpreters.blocking(lambda: self._interpreter.execute(code))
        reading = asyncio.create_task(self._read(invocation))
        stop = asyncio.create_task(self._context.stop.wait())
        clock = self._context.clock  # it stands still while the program waits for an answer
        late = asyncio.create_task(clock.passed(clock.used + self._input.timeout_s))
        try:
            await asyncio.wait({reading, stop, late}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                self.stopped = self._context.stop_reason if self._context.stop.is_set() else "timeout"
                await asyncio.to_thread(invocation.hang_up)
            self.broken = await reading
        except BaseException:
            invocation.hang_up()
            raise
        finally:
            stop.cancel()
            late.cancel()

    async def _read(self, invocation: Invocation) -> SandboxError | None:
        try:
            async for frame in self._interpreters.frames(invocation):
                for mark in self.output.take(frame):
                    await self._hear(mark)
                if frame.question is not None:
                    await self._questions.take(frame.question)
                await self._context.room()
        except SandboxError as error:
            return error
        finally:
            await self._questions.close()
        return None

    async def _hear(self, mark: Mark) -> None:
        if mark.kind == "missing":
            # Said by the bootstrap alone, before there is a program: one that has begun can't ask to be run again.
            self._missing = not self._began
        elif mark.kind == "report":
            self._said = mark.body or None
        else:
            self._began = self._began or mark.kind == "begin"
            await self._on_mark(mark)

    async def report(self, complete: Callable[[Report], bool]) -> Report | None:
        """What the harness wrote; None when it wrote nothing, or nothing that can be read.

        It is read from its file where it was not said, or is not `complete` without what was not heard. After an
        interrupt the interpreter needs a moment until the harness has written it: ask again when the run is over. One
        that ignored the interrupt is ended by its server, and then the session is gone; one that was interrupted
        before the harness was loaded leaves none.
        """
        said = None if self._said is None else _read(self._said.encode())
        if said is not None and complete(said):
            return said
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
        return None if content is None else _read(content)

    async def fetch(self, name: str) -> bytes | None:
        """A file that the harness left beside its report. Raises SandboxError."""
        path = f"{FOLDER}/{self._identifier}/{name}"
        return await self._interpreters.blocking(lambda: self._interpreter.read_file(path))

    async def _fetch_if_free(self, name: str) -> bytes | None:
        try:
            return await self.fetch(name)
        except SandboxBusy:
            return None


def _read(content: bytes) -> Report | None:
    if len(content) > REPORT_LIMIT:
        return None
    try:
        return Report.model_validate_json(content)
    except ValidationError:
        logger.info("A report was not of its form; the run counts as broken.")
        return None
