"""Runs one program: into the sandbox with the harness, its output out as events, its report into a result."""

from __future__ import annotations

from typing import Any

from core.agents.execute import ExecuteInput
from core.database.pool import Pool
from core.jobs.states import Failure
from workers.context import AgentFailure, Context, InfrastructureFault, Interrupted, Outcome
from workers.executor.changed_files import ChangedFiles
from workers.executor.execution import Execution
from workers.executor.kept_outputs import KeptOutputs
from workers.executor.marks import Mark
from workers.executor.report import Report
from workers.executor.stopping import look_after
from workers.executor.workspace import Workspace, opened
from workers.resources import Resources

GONE = "The interpreter had to be ended: variables are gone, files are as they were before the run."
LIMITS = {
    "memory-limit": (Failure.MEMORY_LIMIT, "The program used too much memory", GONE),
    "cpu-limit": (Failure.TIMEOUT, "The program used too much processor time", GONE),
    "output-limit": (Failure.OUTPUT_LIMIT, "The program printed far too much", "The beginning is kept."),
    "timeout": (Failure.TIMEOUT, "The program ran too long", "It passed the sandbox server's own limit."),
}
"""What our own server says of a run that it ended, as the user is told."""
DIED = (Failure.USER_CODE_ERROR, "The program ended its interpreter", GONE)


async def describe(resources: Resources) -> dict[str, Any]:
    """Which sandbox this worker uses, and what it says of itself."""
    return {"sandbox": await resources.interpreters.describe()}


async def upkeep(pool: Pool, resources: Resources) -> None:
    """What the processes of its workers see to meanwhile: that no sandbox is kept which nobody uses."""
    await look_after(pool, resources.interpreters, resources.settings)


async def run(input_: ExecuteInput, context: Context) -> Outcome:
    """Run the program. Raises AgentFailure when it raised, ran too long or was stopped by a limit."""
    async with opened(context, input_.timeout_s, reset=input_.reset) as workspace:
        return await Run(input_, context, workspace).outcome()


class Run:
    """One run in one interpreter; `step` tells the runs of a job apart that has several."""

    def __init__(self, input_: ExecuteInput, context: Context, workspace: Workspace, step: int | None = None) -> None:
        self._input = input_
        self._context = context
        self._workspace = workspace
        self._execution = Execution(input_, context, workspace.interpreter, self._marked, step)
        self._output = self._execution.output
        self._outputs = KeptOutputs(context, self._execution.fetch, self._output, step)
        self._files = ChangedFiles(context, workspace.interpreter, self._output)

    async def outcome(self) -> Outcome:
        """Send, run, collect; then say how it went."""
        await self._execution.send()
        if self._context.stop.is_set():
            raise Interrupted  # before anything ran
        await self._execution.watch()
        stopped = self._execution.stopped
        report = await self._execution.report(self._outputs.has_all_of)
        if report is None:
            # Whatever it is that keeps the harness from its last word: nobody can rely on this interpreter.
            await self._workspace.lost()
        else:
            await self._outputs.collect(report)
            if report.error is not None and not self._interrupted(report):
                self._context.emit("error", **report.error.model_dump())
            await self._files.collect(report)
        result = self._result(report)
        if stopped is None and (report is None or self._output.ended in LIMITS):
            raise self._ended(result)
        if stopped == "timeout":
            raise self._too_long(report, result)
        if stopped is not None:
            raise Interrupted(result=result, files=self._files.changes)
        assert report is not None
        if report.error is not None:
            raise AgentFailure(
                Failure.MEMORY_LIMIT if report.error.name == "MemoryError" else Failure.USER_CODE_ERROR,
                f"The program raised {report.error.name}",
                report.error.value or report.error.name,
                result=result,
                files=self._files.changes,
                extra=report.error.model_dump(include={"name", "value", "traceback", "line", "column"}),
            )
        return Outcome(result, files=self._files.changes)

    async def _marked(self, mark: Mark) -> None:
        await self._outputs.marked(mark)

    def _interrupted(self, report: Report) -> bool:
        """Its error is only how the program was stopped."""
        return (
            self._execution.stopped is not None
            and report.error is not None
            and report.error.name == "KeyboardInterrupt"
        )

    def _result(self, report: Report | None) -> dict[str, Any]:
        """An ExecuteResult; without a report, what was seen from outside."""
        error = report.error.model_dump() if report and report.error and not self._interrupted(report) else None
        return {
            "exit": "ok" if report is not None and report.error is None else "error",
            "text": report.text if report else None,
            "outputs": self._outputs.bundles,
            "positions": self._outputs.positions,
            "stdout": self._output.stdout.text,
            "stderr": self._output.stderr.text,
            "truncated": self._output.truncated or bool(report and report.truncated),
            "error": error,
            "warnings": [warning.model_dump() for warning in report.warnings] if report else [],
            "files": self._files.told,
            "execution_count": self._outputs.execution_count,
        }

    def _too_long(self, report: Report | None, result: dict[str, Any]) -> AgentFailure:
        limit = f"The limit is {self._input.timeout_s:g} seconds; what was printed and drawn until then is kept."
        kept = "" if report is not None else " The interpreter had to be ended: variables are gone, files are kept."
        return AgentFailure(
            Failure.TIMEOUT,
            "The program ran too long",
            limit + kept,
            result=result,
            files=self._files.changes,
            extra={"line": report.error.line if report is not None and report.error is not None else None},
        )

    def _ended(self, result: dict[str, Any]) -> AgentFailure | InfrastructureFault:
        """The server ended the run or its interpreter; or the connection broke, and what it did is not known."""
        broken = self._execution.broken
        if self._output.ended is None and broken is not None:
            return InfrastructureFault(broken.message)
        failure, title, detail = LIMITS.get(self._output.ended or "", DIED)
        return AgentFailure(failure, title, detail, result=result, files=self._files.changes)
