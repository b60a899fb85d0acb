"""The session's files that a run created, changed or deleted: fetched, kept as blobs, and told."""

from __future__ import annotations

from typing import Any

from core.blobs import store
from core.blobs.store import Blob
from core.errors import InvalidInput
from core.files import repository as session_files
from core.files.changes import Change, FileChange
from core.files.paths import checked_path
from core.files.repository import File
from core.ids import Prefix, encode
from workers.context import Context
from workers.executor.agentcore import Interpreter
from workers.executor.kept_outputs import NO_ROOM
from workers.executor.output import Output
from workers.executor.report import Report, ReportedFile
from workers.executor.transfers import CannotBeRead, Seen, Transfers


class _Unchanged(Exception):
    """It holds what it held before."""


class ChangedFiles:
    """What one run did to its session's files. They become the session's in the job's last transaction."""

    def __init__(self, context: Context, interpreter: Interpreter, output: Output) -> None:
        self._context = context
        self._transfers = Transfers(context.resources.interpreters, interpreter, context.job_id.hex)
        self._output = output
        self.changes: list[FileChange] = []

    @property
    def told(self) -> list[dict[str, Any]]:
        """As the result has them."""
        return [_told(change) for change in self.changes]

    async def collect(self, report: Report) -> None:
        """Of a job in a session; what can't be kept is left out with a word on stderr. Raises SandboxError."""
        session_id, tenant_id = self._context.session_id, self._context.claim.tenant_id
        if session_id is None or not (report.files or report.files_left_out):
            return
        current = {file.path: file for file in await session_files.current(self._context.pool, tenant_id, session_id)}
        known = set(current)
        # Earlier runs of this job, whose changes are no version yet: they are what a file is compared with no more.
        for change in self._context.changes:
            (known.discard if change.change == "deleted" else known.add)(change.path)
            current.pop(change.path, None)
        for reported in report.files:
            try:
                path = checked_path(reported.path)
            except InvalidInput:
                self._output.note(f"A file was left out: its name can't be kept ({reported.path[:100]!r}).")
                continue
            if reported.change != "deleted":
                await self._keep(path, reported, "modified" if path in known else "created", current.get(path))
            elif path in known:
                self._changed(FileChange(path, "deleted", None, 0))
        if report.files_left_out:
            self._output.note(
                f"{report.files_left_out} more files were changed than are kept of one run; they are not among the "
                "session's files."
            )

    async def _keep(self, path: str, reported: ReportedFile, change: Change, before: File | None) -> None:
        """Store a file that the run wrote, unless it holds what it held before."""
        if reported.size > self._context.settings.max_upload_bytes:
            self._output.note(f"{path} was left out: it is larger than a session's files may be.")
        elif not await self._context.has_room(reported.size):
            self._output.note(f"{path} was left out: {NO_ROOM}.")
        else:
            try:
                blob = await self._stored(Seen(path, reported.size, reported.state), before)
            except _Unchanged:
                return
            except CannotBeRead:
                await self._transfers.discard()
                self._output.note(f"{path} was left out: it can't be read, or changed while it was.")
                return
            self._changed(FileChange(path, change, blob.id, blob.size))

    async def _stored(self, file: Seen, before: File | None) -> Blob:
        """Its bytes as a blob, as they come. Raises _Unchanged and CannotBeRead; then nothing is stored."""
        async with self._context.pool.acquire() as connection, connection.transaction():
            pieces = self._transfers.out(file)
            blob = await store.write_pieces(connection, self._context.claim.tenant_id, pieces)
            if before is not None and (before.size, before.sha256) == (blob.size, blob.sha256):
                raise _Unchanged
        return blob

    def _changed(self, change: FileChange) -> None:
        self.changes.append(change)
        self._context.emit("file.changed", **_told(change))


def _told(change: FileChange) -> dict[str, Any]:
    file_id = None if change.blob_id is None else encode(Prefix.FILE, change.file_id)
    return {"path": change.path, "size": change.size, "change": change.change, "file_id": file_id}
