"""Changing a session's files: every change is a new version, and raises the session's count of changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from core.database.pool import Connection
from core.ids import new_id

Change = Literal["created", "modified", "deleted"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happened to one path. The bytes are stored already; `blob_id` is None where the file was deleted."""

    path: str
    change: Change
    blob_id: UUID | None
    size: int
    file_id: UUID = field(default_factory=new_id)


KEPT_VERSIONS = 10
"""Older versions of a path that are kept."""

_INSERT = """
INSERT INTO files (id, tenant_id, session_id, path, version, blob_id, job_id)
SELECT change.id, $1, $2, change.path, $3, change.blob_id, $7
FROM unnest($4::uuid[], $5::text[], $6::uuid[]) AS change(id, path, blob_id)
"""

_AGE = """
UPDATE files SET obsolete_at = now() FROM (
    SELECT id, row_number() OVER (PARTITION BY path ORDER BY version DESC) - 1 AS age
    FROM files WHERE session_id = $1 AND path = ANY($2::text[])) AS aged
WHERE files.id = aged.id AND replaced_at IS NOT NULL AND obsolete_at IS NULL
  AND (aged.age > $3 OR blob_id IS NULL OR path = ANY($4::text[]))
"""


async def apply_changes(
    connection: Connection,
    tenant_id: UUID,
    session_id: UUID,
    job_id: UUID | None,
    changes: Sequence[FileChange],
) -> int:
    """Make these the newest versions of their paths, in the caller's transaction and under its lock of the session.

    Older ones are kept, `KEPT_VERSIONS` of a path; those of a path that its owner deletes, and not a job, are to go.
    Returns the session's new files_version. Changes that a job's own sandbox made are marked as known there.
    """
    version: int = await connection.fetchval(
        "UPDATE sessions SET files_version = files_version + 1, updated_at = now() WHERE id = $1 "
        "RETURNING files_version",
        session_id,
    )
    paths = [change.path for change in changes]
    await connection.execute(
        "UPDATE files SET replaced_at = now() WHERE session_id = $1 AND path = ANY($2::text[]) AND replaced_at IS NULL",
        session_id,
        paths,
    )
    await connection.execute(
        _INSERT,
        tenant_id,
        session_id,
        version,
        [change.file_id for change in changes],
        paths,
        [change.blob_id for change in changes],
        job_id,
    )
    deleted = [change.path for change in changes if change.blob_id is None]
    await connection.execute(_AGE, session_id, paths, KEPT_VERSIONS, [] if job_id else deleted)
    if job_id is not None:
        await connection.execute(
            "UPDATE sandboxes SET files_version = $3 WHERE session_id = $1 AND job_id = $2 AND files_version = $3 - 1",
            session_id,
            job_id,
            version,
        )
    return version
