"""The session's files that a run created, changed or deleted: fetched, kept as blobs, and told."""

from __future__ import annotations

import io
from typing import Any

from core.blobs import store
from core.errors import InvalidInput
from core.files import repository as session_files
from core.files.changes import FileChange
from core.files.paths import checked_path
from core.ids import Prefix, encode
from workers.context import Context
from workers.executor.agentcore import Interpreter
from workers.executor.kept_outputs import NO_ROOM
from workers.executor.output import Output
from workers.executor.report import Report


class ChangedFiles:
    """What one run did to its session's files. They become the session's in the job's last transaction."""

    def __init__(self, context: Context, interpreter: Interpreter, output: Output) -> None:
        self._context = context
        self._interpreter = interpreter
        self._interpreters = context.resources.interpreters
        self._output = output
        self.changes: list[FileChange] = []

    @property
    def told(self) -> list[dict[str, Any]]:
        """As the result has them."""
        return [_told(change) for change in self.changes]

    async def collect(self, report: Report) -> None:
        """Of a job in a session; what can't be kept is left out with a word on stderr. Raises SandboxError."""
        session_id, tenant_id = self._context.session_id, self._context.claim.tenant_id
        if session_id is None:
            return
        known = {file.path for file in await session_files.current(self._context.pool, tenant_id, session_id)}
        # Earlier runs of this job, whose changes are no version yet.
        for change in self._context.changes:
            (known.discard if change.change == "deleted" else known.add)(change.path)
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
                blob = await store.write(connection, tenant_id, io.BytesIO(content))
            self._changed(FileChange(path, "modified" if path in known else "created", blob.id, blob.size))

    def _changed(self, change: FileChange) -> None:
        self.changes.append(change)
        self._context.emit("file.changed", **_told(change))


def _told(change: FileChange) -> dict[str, Any]:
    file_id = None if change.blob_id is None else encode(Prefix.FILE, change.file_id)
    return {"path": change.path, "size": change.size, "change": change.change, "file_id": file_id}
