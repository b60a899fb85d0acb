"""Runs one program: into the sandbox with the harness, its output out as events, its report into a result."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.agents.execute import ExecuteInput
from core.blobs import store
from core.errors import InvalidInput
from core.files import repository as session_files
from core.files.changes import FileChange
from core.files.paths import checked_path
from core.ids import Prefix, encode
from core.jobs import artifacts
from core.jobs.states import Failure
from workers.context import AgentFailure, Context, InfrastructureFault, Interrupted, Outcome
from workers.executor.agentcore import Interpreter, Invocation, SandboxBusy, SandboxError, SandboxGone
from workers.executor.output import Output
from workers.executor.report import REPORT_LIMIT, Report, StoredFigure
from workers.executor.workspace import Workspace, opened
from workers.resources import Resources

logger = logging.getLogger(__name__)

HARNESS = (Path(__file__).parent / "harness.py").read_bytes()
MODULE = f"aci_harness_{hashlib.sha256(HARNESS).hexdigest()[:12]}"
"""Named for its content, so that a newer worker never meets an older harness under the same name."""

FOLDER = ".aci"
QUIET_AGAIN_S = 10.0
"""How long an interrupted run may take to let go of its interpreter."""
POLL_S = 0.05

GONE = "The interpreter had to be ended: variables are gone, files are as they were before the run."
LIMITS = {
    "memory-limit": (Failure.MEMORY_LIMIT, "The program used too much memory", GONE),
    "cpu-limit": (Failure.TIMEOUT, "The program used too much processor time", GONE),
    "output-limit": (Failure.OUTPUT_LIMIT, "The program printed far too much", "The beginning is kept."),
    "timeout": (Failure.TIMEOUT, "The program ran too long", "It passed the sandbox server's own limit."),
}
"""What our own server says of a run that it ended, as the user is told."""
NO_ROOM = "it would be more than the limit allows to be stored"
DIED = (Failure.USER_CODE_ERROR, "The program ended its interpreter", GONE)


async def describe(resources: Resources) -> dict[str, Any]:
    """Which sandbox this worker uses, and what it says of itself."""
    return {"sandbox": await resources.interpreters.describe()}


async def run(input_: ExecuteInput, context: Context) -> Outcome:
    """Run the program. Raises AgentFailure when it raised, ran too long or was stopped by a limit."""
    async with opened(context, input_.timeout_s, reset=input_.reset) as workspace:
        return await Run(input_, context, workspace).outcome()


class Run:
    """One run in one interpreter."""

    def __init__(self, input_: ExecuteInput, context: Context, workspace: Workspace) -> None:
        self._input = input_
        self._context = context
        self._workspace = workspace
        self._interpreter: Interpreter = workspace.interpreter
        self._interpreters = context.resources.interpreters
        self._output = Output(context)
        self._folder = f"{FOLDER}/{encode(Prefix.JOB, context.job_id)}-{context.claim.attempt}"
        self._outputs: list[dict[str, Any]] = []
        self._changes: list[FileChange] = []
        self._stopped: str | None = None
        """Why the run was stopped before its end, if it was."""

    async def outcome(self) -> Outcome:
        """Send, run, collect; then say how it went."""
        await self._interpreters.blocking(lambda: self._interpreter.write_files(self._sent()))
        if self._context.stop.is_set():
            raise Interrupted  # before anything ran
        self._stopped, broken = await self._watched()
        stopped = self._stopped
        report = await self._report()
        if report is None:
            # Whatever it is that keeps the harness from its last word: nobody can rely on this interpreter.
            await self._workspace.lost()
        else:
            await self._collect(report)
        result = self._result(report)
        if stopped is None and (report is None or self._output.ended in LIMITS):
            raise self._ended(broken, result)
        if stopped == "timeout":
            limit = f"The limit is {self._input.timeout_s:g} seconds; what was printed and drawn until then is kept."
            kept = "" if report is not None else " The interpreter had to be ended: variables are gone, files are kept."
            line = report.error.line if report is not None and report.error is not None else None
            raise AgentFailure(
                Failure.TIMEOUT,
                "The program ran too long",
                limit + kept,
                result=result,
                files=self._changes,
                extra={"line": line},
            )
        if stopped is not None:
            raise Interrupted(result=result, files=self._changes)
        assert report is not None
        if report.error is not None:
            raise AgentFailure(
                Failure.MEMORY_LIMIT if report.error.name == "MemoryError" else Failure.USER_CODE_ERROR,
                f"The program raised {report.error.name}",
                report.error.value or report.error.name,
                result=result,
                files=self._changes,
                extra=report.error.model_dump(include={"name", "value", "traceback", "line"}),
            )
        return Outcome(result, files=self._changes)

    def _sent(self) -> list[tuple[str, bytes]]:
        """The harness, the program, and the files that came with it."""
        request = {"code": self._input.code, "inputs": self._input.inputs}
        own = [
            (f"{FOLDER}/{MODULE}.py", HARNESS),
            (f"{self._folder}/request.json", json.dumps(request).encode()),
        ]
        return own + [(file.path, file.content) for file in self._input.files or []]

    async def _watched(self) -> tuple[str | None, SandboxError | None]:
        """Run to the end, or until it is to stop. Returns why it was stopped, and how its stream broke, if it did."""
        identifier = self._folder.removeprefix(f"{FOLDER}/")
        start = (
            f"import sys\nif {FOLDER!r} not in sys.path: sys.path.insert(0, {FOLDER!r})\n"
            f"import {MODULE}\n{MODULE}.run({identifier!r})"
        )
        invocation = await self._interpreters.blocking(lambda: self._interpreter.execute(start))
        reading = asyncio.create_task(self._read(invocation))
        stop = asyncio.create_task(self._context.stop.wait())
        stopped: str | None = None
        try:
            await asyncio.wait({reading, stop}, timeout=self._input.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                stopped = self._context.stop_reason if self._context.stop.is_set() else "timeout"
                await asyncio.to_thread(invocation.hang_up)
            broken = await reading
        except asyncio.CancelledError:
            invocation.hang_up()
            raise
        finally:
            stop.cancel()
        return stopped, broken

    async def _read(self, invocation: Invocation) -> SandboxError | None:
        try:
            async for frame in self._interpreters.frames(invocation):
                self._output.take(frame)
                await self._context.room()
        except SandboxError as error:
            return error
        return None

    async def _report(self) -> Report | None:
        """What the harness wrote; None when it wrote nothing, or nothing that can be read.

        After an interrupt the interpreter needs a moment until the harness has written it: ask again when the run is
        over. One that ignored the interrupt is ended by its server, and then the session is gone; one that was
        interrupted before the harness was loaded leaves none.
        """
        content: bytes | None = None
        over = self._stopped is None
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

    async def _fetch(self, name: str) -> bytes | None:
        return await self._interpreters.blocking(lambda: self._interpreter.read_file(f"{self._folder}/{name}"))

    async def _fetch_if_free(self, name: str) -> bytes | None:
        try:
            return await self._fetch(name)
        except SandboxBusy:
            return None

    async def _collect(self, report: Report) -> None:
        """Figures into artifacts, outputs into events, changed files into blobs."""
        for bundle in report.outputs:
            await self._keep_output(bundle, report.execution_count)
        if report.error is not None and not self._interrupted(report):
            self._context.emit("error", **report.error.model_dump())
        if self._context.session_id is not None:
            await self._keep_files(report)

    def _interrupted(self, report: Report) -> bool:
        """Its error is only how the program was stopped."""
        return self._stopped is not None and report.error is not None and report.error.name == "KeyboardInterrupt"

    async def _keep_output(self, bundle: dict[str, Any], execution_count: int) -> None:
        data: dict[str, Any] = {}
        for mime, value in bundle.items():
            if not isinstance(value, StoredFigure):
                data[mime] = value
                continue
            content = await self._fetch(value.file)
            if content is None:
                continue
            if not await self._context.has_room(len(content)):
                self._output.note(f"{value.file} was left out: {NO_ROOM}.")
                continue
            await self._context.flush()
            kept = await artifacts.keep(self._context.pool, self._context.claim, value.file, mime, io.BytesIO(content))
            if kept is None:
                raise InfrastructureFault("the job was taken from this worker")
            data[mime] = {"artifact": kept.name, "size": kept.size}
        if data:
            self._outputs.append(data)
            self._context.emit("output", data=data, execution_count=execution_count)

    async def _keep_files(self, report: Report) -> None:
        session_id, tenant_id = self._context.session_id, self._context.claim.tenant_id
        assert session_id is not None
        known = {file.path for file in await session_files.current(self._context.pool, tenant_id, session_id)}
        for reported in report.files:
            try:
                path = checked_path(reported.path)
            except InvalidInput:
                self._output.note(f"A file was left out: its name can't be kept ({reported.path[:100]!r}).")
                continue
            if reported.change == "deleted":
                if path in known:
                    self._changed(FileChange(path, "deleted", None, 0))
                continue
            if reported.size > self._context.settings.max_upload_bytes:
                self._output.note(f"{path} was left out: it is larger than a session's files may be.")
                continue
            content = await self._interpreters.blocking(lambda path=path: self._interpreter.read_file(path))  # type: ignore[misc]
            if content is None or len(content) > self._context.settings.max_upload_bytes:
                self._output.note(f"{path} was left out: it can't be read.")
                continue
            if not await self._context.has_room(len(content)):
                self._output.note(f"{path} was left out: {NO_ROOM}.")
                continue
            async with self._context.pool.acquire() as connection, connection.transaction():
                blob = await store.write(connection, self._context.claim.tenant_id, io.BytesIO(content))
            self._changed(FileChange(path, "modified" if path in known else "created", blob.id, blob.size))

    def _changed(self, change: FileChange) -> None:
        self._changes.append(change)
        self._context.emit("file.changed", **self._file(change))

    def _file(self, change: FileChange) -> dict[str, Any]:
        file_id = None if change.blob_id is None else encode(Prefix.FILE, change.file_id)
        return {"path": change.path, "size": change.size, "change": change.change, "file_id": file_id}

    def _result(self, report: Report | None) -> dict[str, Any]:
        """An ExecuteResult; without a report, what was seen from outside."""
        error = report.error.model_dump() if report and report.error and not self._interrupted(report) else None
        return {
            "exit": "ok" if report is not None and report.error is None else "error",
            "text": report.text if report else None,
            "outputs": self._outputs,
            "stdout": self._output.stdout.text,
            "stderr": self._output.stderr.text,
            "truncated": self._output.truncated or bool(report and report.truncated),
            "error": error,
            "files": [self._file(change) for change in self._changes],
            "execution_count": report.execution_count if report else 0,
        }

    def _ended(self, broken: SandboxError | None, result: dict[str, Any]) -> AgentFailure | InfrastructureFault:
        """The server ended the run or its interpreter; or the connection broke, and what it did is not known."""
        if self._output.ended is None and broken is not None:
            return InfrastructureFault(broken.message)
        failure, title, detail = LIMITS.get(self._output.ended or "", DIED)
        return AgentFailure(failure, title, detail, result=result, files=self._changes)
