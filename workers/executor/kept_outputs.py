"""What a run showed, kept: figures as artifacts of the job, every output as an event and in the result.

An output has a number, counted by the harness. Most are sent while the program runs and become events where they stood;
the report brings those that were too large for that. An event with a number that was there before takes its place.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from core.jobs import artifacts
from workers.context import Context, InfrastructureFault
from workers.executor.marks import Mark
from workers.executor.output import Output
from workers.executor.report import BEGINNINGS, BUNDLE, FIGURE_LIMIT, OUTPUTS_LIMIT, Report, StoredFigure

NO_ROOM = "it would be more than the limit allows to be stored"
MARKS_LIMIT = 10_000
"""Marks of one run that are heard: the harness makes half as many at the most."""

Fetch = Callable[[str], Awaitable[bytes | None]]


@dataclass(slots=True)
class Shown:
    """One output."""

    bundle: dict[str, Any]
    """As it was sent."""
    data: dict[str, Any]
    """As the result has it: MIME types to text, JSON, or {"artifact": name, "size": bytes}."""


class KeptOutputs:
    """The outputs of one run."""

    def __init__(self, context: Context, fetch: Fetch, output: Output, step: int | None = None) -> None:
        self._context = context
        self._fetch = fetch
        # Of several runs in one job each has names and numbers of its own.
        self._prefix = "" if step is None else f"step-{step}-"
        self._first = 0 if step is None else (step - 1) * (OUTPUTS_LIMIT + 1)
        self._output = output
        self._shown: dict[int, Shown] = {}
        self._positions: dict[int, int] = {}
        self._heard = 0
        self.execution_count = 0

    @property
    def bundles(self) -> list[dict[str, Any]]:
        """All, in order."""
        return [self._shown[number].data for number in sorted(self._shown)]

    @property
    def positions(self) -> list[int]:
        """Of each, how many characters of the kept stdout stand before it."""
        end = self._output.stdout.size
        return [min(self._positions.get(number, end), end) for number in sorted(self._shown)]

    def has_all_of(self, report: Report) -> bool:
        """Whether each output that a report only mentions has been sent."""
        return all(bundle is not None or number in self._shown for number, bundle in enumerate(report.outputs))

    async def marked(self, mark: Mark) -> None:
        """The harness says that something is shown here. Raises SandboxError, InfrastructureFault."""
        self._heard += 1
        if self._heard > MARKS_LIMIT or mark.number > OUTPUTS_LIMIT:
            return
        if mark.kind == "begin":
            self.execution_count = mark.number
        elif mark.kind == "clear":
            for number in [number for number in self._shown if number < mark.number]:
                self._take_away(number)
        elif mark.kind in ("output", "update"):
            if mark.kind == "output":
                self._positions.setdefault(mark.number, self._output.stdout.size)
            if mark.body:
                try:
                    bundle = BUNDLE.validate_json(mark.body)
                except ValidationError:
                    return  # the report will have it, if it is any
                await self._show(mark.number, bundle)

    async def collect(self, report: Report) -> None:
        """What was not sent yet, figures fetched one by one. Raises SandboxError, InfrastructureFault."""
        self.execution_count = report.execution_count
        for number, bundle in enumerate(report.outputs):
            if bundle == {}:
                self._take_away(number)
            elif bundle is not None and (number not in self._shown or self._shown[number].bundle != bundle):
                await self._show(number, bundle)
        for number in [number for number in self._shown if number >= len(report.outputs)]:
            self._take_away(number)

    def _take_away(self, number: int) -> None:
        if self._shown.pop(number, None) is not None:
            self._tell(number, {})

    async def _show(self, number: int, bundle: dict[str, Any]) -> None:
        data: dict[str, Any] = {}
        reported: dict[str, Any] = {}
        for mime, value in bundle.items():
            if not isinstance(value, StoredFigure):
                data[mime] = reported[mime] = value
                continue
            reported[mime] = StoredFigure(file=value.file)
            content = value.base64 or await self._fetch(value.file)
            if not content:
                continue
            if len(content) > FIGURE_LIMIT or not content.startswith(BEGINNINGS.get(mime, ())):
                self._output.note(f"{value.file} was left out: it is not the picture that it says it is.")
                continue
            if not await self._context.has_room(len(content)):
                self._output.note(f"{value.file} was left out: {NO_ROOM}.")
                continue
            await self._context.flush()
            name = f"{self._prefix}{value.file}"
            kept = await artifacts.keep(self._context.pool, self._context.claim, name, mime, io.BytesIO(content))
            if kept is None:
                raise InfrastructureFault("the job was taken from this worker")
            data[mime] = {"artifact": kept.name, "size": kept.size}
        if data:
            self._shown[number] = Shown(reported, data)
            self._tell(number, data)

    def _tell(self, number: int, data: dict[str, Any]) -> None:
        count = self.execution_count
        self._context.emit("output", data=data, number=self._first + number, execution_count=count)
