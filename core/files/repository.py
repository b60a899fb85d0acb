"""Looking a session's files up, and storing one that a user uploads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from core.blobs import store
from core.database.pool import Connection, Pool
from core.errors import NotFound, StorageFull
from core.files.changes import FileChange, apply_changes
from core.ids import Prefix, encode
from core.jobs.job import timestamp
from core.limits.repository import stored_bytes


@dataclass(frozen=True, slots=True)
class File:
    """One version of one path."""

    id: UUID
    path: str
    size: int
    sha256: bytes
    blob_id: UUID
    version: int
    job_id: UUID | None
    created_at: datetime
    replaced_at: datetime | None = None

    def view(self) -> dict[str, Any]:
        """What the API shows of it."""
        return {
            "id": encode(Prefix.FILE, self.id),
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256.hex(),
            "job_id": self.job_id and encode(Prefix.JOB, self.job_id),
            "created_at": timestamp(self.created_at),
            "replaced_at": self.replaced_at and timestamp(self.replaced_at),
        }


_COLUMNS = "files.id, path, size, sha256, blob_id, version, job_id, files.created_at, replaced_at"
_KEPT = f"""
SELECT {_COLUMNS} FROM files JOIN blobs ON blobs.id = blob_id
WHERE files.tenant_id = $1 AND session_id = $2 AND obsolete_at IS NULL
"""
_CURRENT = _KEPT + " AND replaced_at IS NULL"


async def current(connection: Connection | Pool, tenant_id: UUID, session_id: UUID) -> list[File]:
    """All files that the session has now, by path."""
    return [File(**row) for row in await connection.fetch(_CURRENT + " ORDER BY path", tenant_id, session_id)]


async def versions(connection: Connection | Pool, tenant_id: UUID, session_id: UUID) -> list[File]:
    """All versions that are kept, also of files that a program deleted; by path, the newest first."""
    return [
        File(**row) for row in await connection.fetch(_KEPT + " ORDER BY path, version DESC", tenant_id, session_id)
    ]


async def get(
    connection: Connection | Pool, tenant_id: UUID, session_id: UUID, path: str, file_id: UUID | None = None
) -> File:
    """The newest version of a path, or that of this id. Raises NotFound when there is none, or it was deleted."""
    if file_id is None:
        row = await connection.fetchrow(_CURRENT + " AND path = $3", tenant_id, session_id, path)
    else:
        row = await connection.fetchrow(
            _KEPT + " AND path = $3 AND files.id = $4", tenant_id, session_id, path, file_id
        )
    if row is None:
        version = "" if file_id is None else f" in the version {encode(Prefix.FILE, file_id)}"
        raise NotFound(f"The session has no file {path!r}{version}.")
    return File(**row)


async def version(connection: Connection | Pool, session_id: UUID) -> int:
    """How many changes the session's files have seen."""
    counted: int = await connection.fetchval("SELECT files_version FROM sessions WHERE id = $1", session_id)
    return counted


async def changed_since(connection: Connection | Pool, session_id: UUID, seen: int) -> tuple[list[File], list[str]]:
    """What a sandbox that has seen version `seen` is missing: files to write, and paths to remove."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM files LEFT JOIN blobs ON blobs.id = blob_id
        WHERE session_id = $1 AND replaced_at IS NULL AND version > $2 ORDER BY path
        """,
        session_id,
        seen,
    )
    return (
        [File(**row) for row in rows if row["blob_id"] is not None],
        [row["path"] for row in rows if row["blob_id"] is None],
    )


async def put(
    pool: Pool, tenant_id: UUID, session_id: UUID, path: str, source: IO[bytes], storage_limit: int | None = None
) -> tuple[File, bool]:
    """Store an upload as the newest version of `path`. Returns it, and whether the path is new.

    Raises NotFound when the session is not this tenant's, and StorageFull when the tenant would have more than
    `storage_limit` bytes. Uploads at the same time don't see each other: together they can pass it by what they bring.
    """
    async with pool.acquire() as connection, connection.transaction():
        blob = await store.write(connection, tenant_id, source)
        # This one is not counted yet: that happens at the commit.
        if storage_limit is not None and await stored_bytes(connection, tenant_id) + blob.size > storage_limit:
            raise StorageFull(storage_limit)
        await lock_session(connection, tenant_id, session_id)
        known = await connection.fetchval(_CURRENT + " AND path = $3", tenant_id, session_id, path)
        change = FileChange(path, "modified" if known else "created", blob.id, blob.size)
        await apply_changes(connection, tenant_id, session_id, None, [change])
        return await get(connection, tenant_id, session_id, path), not known


async def delete(pool: Pool, tenant_id: UUID, session_id: UUID, path: str) -> None:
    """Remove a path. Raises NotFound when it, or the session, is not there."""
    async with pool.acquire() as connection, connection.transaction():
        await lock_session(connection, tenant_id, session_id)
        await get(connection, tenant_id, session_id, path)
        await apply_changes(connection, tenant_id, session_id, None, [FileChange(path, "deleted", None, 0)])


async def lock_session(connection: Connection, tenant_id: UUID, session_id: UUID) -> None:
    """Take the session's row. Raises NotFound when it is not this tenant's."""
    if not await connection.fetchval(
        "SELECT 1 FROM sessions WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL FOR UPDATE",
        session_id,
        tenant_id,
    ):
        raise NotFound("There is no such session.")


async def remove_obsolete(connection: Connection | Pool, limit: int = 1000) -> None:
    """Remove versions that became obsolete more than ten minutes ago, with their bytes.

    Nothing leads to them any more; whoever was reading one by then has had that long to finish.
    """
    await connection.execute(
        """
        WITH gone AS (
            DELETE FROM files WHERE id IN (
                SELECT id FROM files WHERE obsolete_at < now() - interval '10 minutes' LIMIT $1) RETURNING id, blob_id)
        DELETE FROM blobs WHERE id IN (SELECT blob_id FROM gone)
          AND NOT EXISTS (SELECT FROM files WHERE files.blob_id = blobs.id AND files.id NOT IN (SELECT id FROM gone))
          AND NOT EXISTS (SELECT FROM artifacts WHERE artifacts.blob_id = blobs.id)
        """,
        limit,
    )
