"""Figures and the like that a job makes: bytes under a name in the job, kept only while its attempt holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO
from uuid import UUID

from core.blobs import store
from core.database.pool import Connection, Pool
from core.errors import NotFound
from core.jobs.lease import Claim


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is known of an artifact without reading it."""

    name: str
    mime: str
    blob_id: UUID
    size: int
    sha256: bytes


async def keep(pool: Pool, claim: Claim, name: str, mime: str, source: IO[bytes]) -> Artifact | None:
    """Store an artifact of a running job; one of the same name, of an earlier attempt, is replaced.

    Returns None, and stores nothing, when the attempt no longer holds the job.
    """
    async with pool.acquire() as connection, connection.transaction():
        held = await connection.fetchval(
            "SELECT 1 FROM jobs WHERE id = $1 AND attempt = $2 AND state = 'running' FOR NO KEY UPDATE",
            claim.id,
            claim.attempt,
        )
        if not held:
            return None
        blob = await store.write(connection, claim.tenant_id, source)
        await connection.execute(
            "INSERT INTO artifacts (job_id, name, mime, blob_id) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (job_id, name) DO UPDATE SET mime = excluded.mime, blob_id = excluded.blob_id",
            claim.id,
            name,
            mime,
            blob.id,
        )
    return Artifact(name, mime, blob.id, blob.size, blob.sha256)


async def get(connection: Connection | Pool, tenant_id: UUID, job_id: UUID, name: str) -> Artifact:
    """One artifact. Raises NotFound when it, or the job, is not there or somebody else's."""
    row = await connection.fetchrow(
        """
        SELECT artifacts.name, mime, blob_id, size, sha256
        FROM artifacts JOIN jobs ON jobs.id = job_id JOIN blobs ON blobs.id = blob_id
        WHERE job_id = $1 AND name = $2 AND jobs.tenant_id = $3
        """,
        job_id,
        name,
        tenant_id,
    )
    if row is None:
        raise NotFound("There is no such artifact.")
    return Artifact(**row)
