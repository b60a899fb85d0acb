"""Writing and reading blobs, a chunk at a time: no blob is ever held in memory whole."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from core.database.pool import Connection, Pool
from core.ids import new_id

CHUNK = 256 * 1024
"""Bytes in every chunk but a blob's last."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of a blob without reading it."""

    id: UUID
    size: int
    sha256: bytes


async def write(connection: Connection, tenant_id: UUID, source: IO[bytes]) -> Blob:
    """Store what `source` holds from its present position. The caller's transaction makes it last."""

    async def pieces() -> AsyncIterator[bytes]:
        while piece := source.read(CHUNK):
            yield piece

    return await write_pieces(connection, tenant_id, pieces())


async def write_pieces(connection: Connection, tenant_id: UUID, pieces: AsyncIterator[bytes]) -> Blob:
    """Store what comes in pieces of any size. The caller's transaction makes it last."""
    blob_id, size, digest = new_id(), 0, hashlib.sha256()
    # The row first, for the chunks refer to it; its size and digest are known at the end.
    await connection.execute(
        "INSERT INTO blobs (id, tenant_id, size, sha256) VALUES ($1, $2, 0, ''::bytea)", blob_id, tenant_id
    )
    number, rest = 0, bytearray()

    async def put(data: bytes) -> None:
        nonlocal number
        await connection.execute(
            "INSERT INTO blob_chunks (blob_id, number, data) VALUES ($1, $2, $3)", blob_id, number, data
        )
        number += 1

    async for piece in pieces:
        size += len(piece)
        digest.update(piece)
        rest += piece
        while len(rest) >= CHUNK:  # ranges rest on chunks of one size
            await put(bytes(rest[:CHUNK]))
            del rest[:CHUNK]
    if rest:
        await put(bytes(rest))
    await connection.execute("UPDATE blobs SET size = $2, sha256 = $3 WHERE id = $1", blob_id, size, digest.digest())
    return Blob(blob_id, size, digest.digest())


async def read(pool: Pool, blob_id: UUID, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
    """The bytes from `start` up to `stop` (not included; None is the end), in pieces of at most one chunk.

    A connection is taken for each piece only, so a slow reader holds none.
    """
    number = start // CHUNK
    position = number * CHUNK
    while stop is None or position < stop:
        data: bytes | None = await pool.fetchval(
            "SELECT data FROM blob_chunks WHERE blob_id = $1 AND number = $2", blob_id, number
        )
        if data is None:
            return
        begin = max(start - position, 0)
        end = len(data) if stop is None else min(stop - position, len(data))
        if begin < end:
            yield data[begin:end]
        number, position = number + 1, position + CHUNK


async def remove_orphans(connection: Connection | Pool, limit: int = 1000) -> int:
    """Delete blobs older than an hour that nothing refers to: those of fenced attempts. Returns how many."""
    done: str = await connection.execute(
        """
        DELETE FROM blobs WHERE id IN (
            SELECT id FROM blobs WHERE created_at < now() - interval '1 hour'
            AND NOT EXISTS (SELECT FROM files WHERE files.blob_id = blobs.id)
            AND NOT EXISTS (SELECT FROM artifacts WHERE artifacts.blob_id = blobs.id) LIMIT $1)
        """,
        limit,
    )
    return int(done.rpartition(" ")[2])
