"""What a run showed, kept: figures as artifacts of the job, every output as an event and in the result."""

from __future__ import annotations

import io
from typing import Any

from core.jobs import artifacts
from workers.context import Context, InfrastructureFault
from workers.executor.execution import Execution
from workers.executor.output import Output
from workers.executor.report import Report, StoredFigure

NO_ROOM = "it would be more than the limit allows to be stored"


class KeptOutputs:
    """The outputs of one run, in the order in which they were shown."""

    def __init__(self, context: Context, execution: Execution, output: Output) -> None:
        self._context = context
        self._execution = execution
        self._output = output
        self.bundles: list[dict[str, Any]] = []
        """As the result has them: MIME types to text, JSON, or {"artifact": name, "size": bytes}."""

    async def collect(self, report: Report) -> None:
        """Figures are fetched one by one. Raises SandboxError, InfrastructureFault."""
        for bundle in report.outputs:
            await self._keep(bundle, report.execution_count)

    async def _keep(self, bundle: dict[str, Any], execution_count: int) -> None:
        data: dict[str, Any] = {}
        for mime, value in bundle.items():
            if not isinstance(value, StoredFigure):
                data[mime] = value
                continue
            content = await self._execution.fetch(value.file)
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
            self.bundles.append(data)
            self._context.emit("output", data=data, execution_count=execution_count)
