"""Bytes come back as they went in, from any range; files have versions, and change only with what made them."""

from __future__ import annotations

import asyncio
import hashlib
import io
from uuid import UUID

import pytest
from job_life import Life

from core.blobs import store
from core.blobs.store import CHUNK
from core.errors import NotFound
from core.files import repository as files
from core.files.changes import FileChange
from core.ids import new_id
from core.jobs import artifacts, reading
from core.sessions import sandboxes
from core.tenants import DEFAULT_TENANT


def patterned(size: int) -> bytes:
    return (b"".join(number.to_bytes(4, "big") for number in range(size // 4 + 1)))[:size]


async def stored(life: Life, content: bytes) -> store.Blob:
    async with life.pool.acquire() as connection, connection.transaction():
        return await store.write(connection, DEFAULT_TENANT, io.BytesIO(content))


async def got(life: Life, blob_id: UUID, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(life.pool, blob_id, start, stop)])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 3])
async def test_a_blob_comes_back_whole_and_in_every_range(size: int, life: Life) -> None:
    content = patterned(size)
    blob = await stored(life, content)
    assert (blob.size, blob.sha256) == (size, hashlib.sha256(content).digest())
    assert await life.pool.fetchrow("SELECT size, sha256 FROM blobs WHERE id = $1", blob.id) == (size, blob.sha256)
    edges = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, size // 2, max(size - 1, 0), size, size + 1}
    assert await got(life, blob.id) == content
    for start in edges:
        for stop in edges:
            assert await got(life, blob.id, start, stop) == content[start:stop], (start, stop)


async def test_no_piece_is_larger_than_a_chunk(life: Life) -> None:
    blob = await stored(life, patterned(3 * CHUNK))
    assert {len(piece) async for piece in store.read(life.pool, blob.id)} == {CHUNK}


async def test_only_old_blobs_that_nothing_refers_to_are_removed(life: Life) -> None:
    session = await life.session()
    claim = await life.running()
    kept = await artifacts.keep(life.pool, claim, "figure-1.png", "image/png", io.BytesIO(b"a"))
    assert kept is not None
    uploaded, _ = await files.put(life.pool, DEFAULT_TENANT, session, "f", io.BytesIO(b"f"))
    old, young = await stored(life, b"old"), await stored(life, b"young")
    await life.pool.execute("UPDATE blobs SET created_at = now() - interval '2 hours' WHERE id <> $1", young.id)
    assert await store.remove_orphans(life.pool) >= 1
    left = {row["id"] for row in await life.pool.fetch("SELECT id FROM blobs")}
    assert {kept.blob_id, uploaded.blob_id, young.id} <= left
    assert old.id not in left
    assert await life.pool.fetchval("SELECT count(*) FROM blob_chunks WHERE blob_id = $1", old.id) == 0


async def test_deleting_a_job_deletes_its_artifacts_bytes(life: Life) -> None:
    claim = await life.running()
    kept = await artifacts.keep(life.pool, claim, "figure-1.png", "image/png", io.BytesIO(b"a"))
    assert kept is not None
    await life.end(claim)
    await reading.delete(life.pool, DEFAULT_TENANT, claim.id)
    assert await life.pool.fetchval("SELECT count(*) FROM blobs WHERE id = $1", kept.blob_id) == 0


async def put(life: Life, session: UUID, path: str, content: bytes) -> files.File:
    kept, _ = await files.put(life.pool, DEFAULT_TENANT, session, path, io.BytesIO(content))
    return kept


async def paths(life: Life, session: UUID) -> list[str]:
    return [file.path for file in await files.current(life.pool, DEFAULT_TENANT, session)]


async def test_an_upload_becomes_the_newest_version_of_its_path(life: Life) -> None:
    session = await life.session()
    first, is_new = await files.put(life.pool, DEFAULT_TENANT, session, "a.txt", io.BytesIO(b"1"))
    second, again = await files.put(life.pool, DEFAULT_TENANT, session, "a.txt", io.BytesIO(b"22"))
    assert (is_new, again) == (True, False)
    assert second.version == first.version + 1
    assert await paths(life, session) == ["a.txt"]
    found = await files.get(life.pool, DEFAULT_TENANT, session, "a.txt")
    assert (found.size, await got(life, found.blob_id)) == (2, b"22")
    assert await got(life, first.blob_id) == b"1"


async def test_a_deleted_file_is_gone_and_may_come_back(life: Life) -> None:
    session = await life.session()
    await put(life, session, "a", b"1")
    await files.delete(life.pool, DEFAULT_TENANT, session, "a")
    assert await paths(life, session) == []
    with pytest.raises(NotFound):
        await files.get(life.pool, DEFAULT_TENANT, session, "a")
    with pytest.raises(NotFound):
        await files.delete(life.pool, DEFAULT_TENANT, session, "a")
    await put(life, session, "a", b"2")
    assert await paths(life, session) == ["a"]


async def test_a_sandbox_learns_what_changed_since_it_looked(life: Life) -> None:
    session = await life.session()
    for path in ("keep", "change", "drop"):
        await put(life, session, path, b"1")
    seen = await files.version(life.pool, session)
    await put(life, session, "change", b"2")
    await put(life, session, "new", b"3")
    await files.delete(life.pool, DEFAULT_TENANT, session, "drop")
    written, removed = await files.changed_since(life.pool, session, seen)
    assert ([file.path for file in written], removed) == (["change", "new"], ["drop"])
    assert await files.changed_since(life.pool, session, await files.version(life.pool, session)) == ([], [])


async def test_uploads_at_once_get_versions_of_their_own(life: Life) -> None:
    session = await life.session()
    kept = await asyncio.gather(*(put(life, session, f"f{n % 3}", b"x") for n in range(9)))
    assert sorted(file.version for file in kept) == list(range(1, 10))
    assert await paths(life, session) == ["f0", "f1", "f2"]


async def test_another_tenants_session_takes_no_file(life: Life) -> None:
    session, stranger = await life.session(), new_id()
    await life.pool.execute("INSERT INTO tenants (id, name) VALUES ($1, $2)", stranger, str(stranger))
    with pytest.raises(NotFound):
        await files.put(life.pool, stranger, session, "a", io.BytesIO(b"x"))
    with pytest.raises(NotFound):
        await files.delete(life.pool, stranger, session, "a")


async def test_a_jobs_files_come_with_its_end_and_its_own_sandbox_has_them(life: Life) -> None:
    session = await life.session()
    await put(life, session, "in", b"1")
    claim = await life.running(session_id=session)
    await sandboxes.remember(life.pool, session, claim.id, 1, sandbox_id="s", tier="B", files_version=1, lifetime=None)
    blob = await stored(life, b"made")
    assert await paths(life, session) == ["in"]
    await life.end(
        claim, files=[FileChange("out", "created", blob.id, blob.size), FileChange("in", "deleted", None, 0)]
    )
    [made] = await files.current(life.pool, DEFAULT_TENANT, session)
    assert (made.path, made.job_id, made.version) == ("out", claim.id, 2)
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    assert known.files_version == 2


async def test_a_file_uploaded_during_a_run_is_still_brought_to_the_sandbox(life: Life) -> None:
    session = await life.session()
    claim = await life.running(session_id=session)
    await sandboxes.remember(life.pool, session, claim.id, 1, sandbox_id="s", tier="B", files_version=0, lifetime=None)
    await put(life, session, "meanwhile", b"x")
    blob = await stored(life, b"made")
    await life.end(claim, files=[FileChange("out", "created", blob.id, blob.size)])
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    written, _ = await files.changed_since(life.pool, session, known.files_version)
    assert "meanwhile" in [file.path for file in written]


async def test_a_stale_attempts_files_change_nothing(life: Life) -> None:
    session = await life.session()
    claim = await life.running(session_id=session)
    await life.break_off(claim)
    blob = await stored(life, b"stale")
    assert await life.end(claim, files=[FileChange("out", "created", blob.id, blob.size)]) is None
    assert await paths(life, session) == []
    assert await files.version(life.pool, session) == 0


async def test_files_are_looked_up_within_their_tenant(life: Life) -> None:
    session = await life.session()
    await files.put(life.pool, DEFAULT_TENANT, session, "mine.txt", io.BytesIO(b"mine"))
    assert await files.current(life.pool, new_id(), session) == []
    with pytest.raises(NotFound):
        await files.get(life.pool, new_id(), session, "mine.txt")
