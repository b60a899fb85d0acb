"""A job's sandbox for agents that run code of their own: as many runs as they like, one interpreter, one set of files.

It is the executor's own way of running a program, so output, figures, tables, errors and changed files become
events just as there. A run that ended its interpreter is no end of the job: the next one finds a fresh interpreter,
with the files as the runs before had left them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from core.agents.execute import ExecuteInput
from core.files.changes import FileChange
from workers.context import AgentFailure, Context, Interrupted
from workers.executor.agentcore import SandboxError
from workers.executor.runner import Run
from workers.executor.workspace import Workspace, opened, send_files

LARGEST_READ = 16 * 1024 * 1024
"""Bytes of a file that `Sandbox.read` gives at most."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run ended."""

    result: dict[str, Any]
    """As the `execute` agent gives it (ExecuteResult): exit, text, outputs, stdout, stderr, error, files …"""
    failure: AgentFailure | None = None
    """Why it did not end well: the program raised, or passed a limit. An agent that can't go on may raise it."""

    @property
    def ok(self) -> bool:
        """It ran to its end."""
        return self.failure is None


@dataclass(slots=True)
class Sandbox:
    """Made by `Context.sandbox`."""

    _context: Context
    _timeout_s: float
    _stack: AsyncExitStack
    _workspace: Workspace | None = None
    _runs: int = 0

    async def run(
        self,
        code: str,
        *,
        inputs: Sequence[str] | None = None,
        files: Mapping[str, bytes] | None = None,
        timeout_s: float | None = None,
    ) -> Ran:
        """Run a program; `files` are put into its folder first, and `inputs` answer its calls of input().

        Variables stay from one run to the next. Raises Interrupted when the job is to stop, with the run's result
        so far, AgentFailure where no code can be run, and InfrastructureFault.
        """
        timeout_s = min(timeout_s or self._timeout_s, self._timeout_s, max(self._context.seconds_left, 1.0))
        self._context.check_stop()
        workspace = await self._opened()
        for path, content in (files or {}).items():
            await self._write([(path, content)])
        self._runs += 1
        # Validated where it came from: what models write may be longer than what users may send.
        input_ = ExecuteInput.model_construct(
            code=code, inputs=list(inputs) if inputs is not None else None, timeout_s=timeout_s, reset=False, files=None
        )
        run = Run(input_, self._context, workspace, self._runs)
        try:
            outcome = await run.outcome()
        except AgentFailure as failure:
            self._after(workspace, failure.files)
            return Ran(failure.result or {}, failure)
        except Interrupted as stop:
            self._after(workspace, stop.files)
            raise Interrupted(result=stop.result) from None
        self._after(workspace, outcome.files)
        return Ran(outcome.result)

    async def read(self, path: str) -> bytes | None:
        """A file in the sandbox's folder as it is now; None when there is none, or none that small."""
        interpreter = (await self._opened()).interpreter
        content = await self._context.resources.interpreters.blocking(lambda: interpreter.read_file(path))
        return None if content is None or len(content) > LARGEST_READ else content

    async def put(self, path: str, content: bytes) -> None:
        """Let the sandbox have a file that the session was given; for `Context.save_file`."""
        if self._workspace is None:
            return
        try:
            await self._write([(path, content)])
        except SandboxError:
            # It would be taken for up to date by the next job.
            await self._workspace.lost()
            self._workspace = None

    def _after(self, workspace: Workspace, changes: Sequence[FileChange]) -> None:
        self._context.changes.extend(changes)
        if workspace.gone:
            self._workspace = None

    async def _opened(self) -> Workspace:
        """The workspace; after a run that ended its interpreter a new one, with what earlier runs had made."""
        if self._workspace is None:
            await self._stack.aclose()
            if self._runs and self._context.session_id is None:
                self._context.emit("sandbox.reset", reason="the run before it ended its interpreter")
            self._workspace = await self._stack.enter_async_context(opened(self._context, self._timeout_s, reset=False))
            made = {change.path: change for change in self._context.changes}.values()
            kept = [(change.path, change.size, change.blob_id) for change in made if change.blob_id is not None]
            await send_files(self._context, self._workspace.interpreter, kept)
            gone = [change.path for change in made if change.blob_id is None]
            if gone:
                interpreter = self._workspace.interpreter
                await self._context.resources.interpreters.blocking(lambda: interpreter.remove_files(gone))
        return self._workspace

    async def _write(self, files: list[tuple[str, bytes]]) -> None:
        assert self._workspace is not None
        interpreter = self._workspace.interpreter
        await self._context.resources.interpreters.blocking(lambda: interpreter.write_files(files))


@asynccontextmanager
async def sandbox(context: Context, timeout_s: float) -> AsyncIterator[Sandbox]:
    """See `Context.sandbox`. Opened by its first use."""
    async with AsyncExitStack() as stack:
        context.opened = Sandbox(context, timeout_s, stack)
        yield context.opened
