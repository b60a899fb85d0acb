"""What a tenant has stored is always known, without looking at it."""

from __future__ import annotations

import asyncio
import io
import secrets
from typing import Any
from uuid import UUID

import pytest
from job_life import Life

from core.blobs import store
from core.errors import NotFound, StorageFull
from core.files import repository as files
from core.files.changes import KEPT_VERSIONS, FileChange, apply_changes
from core.ids import new_id
from core.jobs import artifacts, reading
from core.limits import repository
from core.sessions import repository as sessions


async def tenant(life: Life) -> UUID:
    tenant_id = new_id()
    await life.pool.execute("INSERT INTO tenants (id, name) VALUES ($1, $2)", tenant_id, secrets.token_hex(8))
    return tenant_id


async def counted(life: Life, owner: UUID) -> int:
    """As it is counted, which must be what there is."""
    count = await repository.stored_bytes(life.pool, owner)
    there = await life.pool.fetchval("SELECT coalesce(sum(size), 0)::bigint FROM blobs WHERE tenant_id = $1", owner)
    assert count == there
    return count


async def put(life: Life, owner: UUID, session: UUID, path: str, size: int, limit: int | None = None) -> None:
    await files.put(life.pool, owner, session, path, io.BytesIO(b"x" * size), limit)


async def time_passes(life: Life, session: UUID) -> None:
    """Long enough for whatever is obsolete to be removed."""
    await life.pool.execute(
        "UPDATE files SET replaced_at = replaced_at - interval '1 day', obsolete_at = obsolete_at - interval '1 day' "
        "WHERE session_id = $1",
        session,
    )
    await files.remove_obsolete(life.pool)


async def test_a_file_that_its_owner_deletes_counts_until_whoever_reads_it_has_finished(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    await put(life, owner, session, "a", 10)
    await put(life, owner, session, "b", 300_000)
    await put(life, owner, session, "b", 5)
    await files.delete(life.pool, owner, session, "b")
    await files.remove_obsolete(life.pool)
    assert await counted(life, owner) == 300_015
    assert [file.path for file in await files.versions(life.pool, owner, session)] == ["a"]
    await time_passes(life, session)
    assert await counted(life, owner) == 10


async def test_older_versions_are_kept_and_count_until_they_are_too_many(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    for size in range(1, KEPT_VERSIONS + 3):
        await put(life, owner, session, "a", size)
    await time_passes(life, session)
    kept = await files.versions(life.pool, owner, session)
    assert [file.size for file in kept] == list(range(KEPT_VERSIONS + 2, 1, -1))
    assert [file.replaced_at is None for file in kept] == [True] + KEPT_VERSIONS * [False]
    assert await counted(life, owner) == sum(file.size for file in kept)
    oldest = await files.get(life.pool, owner, session, "a", kept[-1].id)
    assert b"".join([piece async for piece in store.read(life.pool, oldest.blob_id)]) == b"xx"
    assert [file.size for file in await files.current(life.pool, owner, session)] == [KEPT_VERSIONS + 2]


async def test_what_a_program_deletes_can_still_be_had(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    await put(life, owner, session, "a", 7)
    gone = await files.get(life.pool, owner, session, "a")
    async with life.pool.acquire() as connection, connection.transaction():
        await apply_changes(connection, owner, session, new_id(), [FileChange("a", "deleted", None, 0)])
    await time_passes(life, session)
    assert await files.current(life.pool, owner, session) == []
    assert (await files.get(life.pool, owner, session, "a", gone.id)).size == 7
    with pytest.raises(NotFound):
        await files.get(life.pool, owner, session, "b", gone.id)
    with pytest.raises(NotFound):
        await files.get(life.pool, await tenant(life), session, "a", gone.id)


async def test_a_sandbox_still_learns_of_a_deletion_whose_version_was_removed(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    await put(life, owner, session, "a", 1)
    seen = await files.version(life.pool, session)
    await files.delete(life.pool, owner, session, "a")
    await time_passes(life, session)
    assert await files.changed_since(life.pool, session, seen) == ([], ["a"])


async def test_figures_count_and_go_with_their_job(life: Life) -> None:
    owner = await tenant(life)
    claim = await life.running(tenant_id=owner)
    await artifacts.keep(life.pool, claim, "figure-1.png", "image/png", io.BytesIO(b"x" * 70))
    assert await counted(life, owner) == 70
    await life.end(claim)
    await reading.delete(life.pool, owner, claim.id)
    assert await counted(life, owner) == 0


async def test_what_came_to_nothing_is_not_counted(life: Life) -> None:
    owner = await tenant(life)
    with pytest.raises(RuntimeError):
        async with life.pool.acquire() as connection, connection.transaction():
            await store.write(connection, owner, io.BytesIO(b"x" * 100))
            raise RuntimeError
    assert await counted(life, owner) == 0
    async with life.pool.acquire() as connection, connection.transaction():
        await store.write(connection, owner, io.BytesIO(b"x" * 9))
    assert await counted(life, owner) == 9
    await life.pool.execute("UPDATE blobs SET created_at = now() - interval '2 hours' WHERE tenant_id = $1", owner)
    await store.remove_orphans(life.pool)
    assert await counted(life, owner) == 0


async def test_many_who_store_for_one_tenant_at_once_are_all_counted(life: Life) -> None:
    owner = await tenant(life)
    made = [(await sessions.create(life.pool, owner, "")).id for _ in range(8)]
    await asyncio.gather(*(put(life, owner, session, f"{n}", 100) for session in made for n in range(5)))
    assert await counted(life, owner) == 4000
    rows = await life.pool.fetchval("SELECT count(*) FROM storage_used WHERE tenant_id = $1", owner)
    assert rows > 1, "they did not all wait for one row"


async def test_who_stores_holds_nobody_up_before_the_commit(life: Life) -> None:
    """The count is the last lock that is taken, so it can't be part of a circle."""
    owner = await tenant(life)
    async with life.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await store.write(connection, owner, io.BytesIO(b"x"))
        locked: Any = await life.pool.fetchval("SELECT count(*) FROM storage_used WHERE tenant_id = $1", owner)
        assert locked == 0
        await transaction.commit()
    assert await counted(life, owner) == 1


async def test_an_upload_that_would_pass_the_limit_leaves_nothing(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    await put(life, owner, session, "a", 60, 100)
    with pytest.raises(StorageFull):
        await put(life, owner, session, "b", 41, 100)
    await put(life, owner, session, "b", 40, 100)
    assert await counted(life, owner) == 100
    assert await files.version(life.pool, session) == 2


async def test_uploads_at_once_pass_the_limit_by_what_they_bring_and_no_more(life: Life) -> None:
    owner = await tenant(life)
    made = [(await sessions.create(life.pool, owner, "")).id for _ in range(6)]
    outcomes = await asyncio.gather(
        *(put(life, owner, session, "a", 100, 150) for session in made), return_exceptions=True
    )
    assert 100 <= await counted(life, owner) <= 600
    assert all(outcome is None or isinstance(outcome, StorageFull) for outcome in outcomes)
    with pytest.raises(StorageFull):
        await put(life, owner, made[0], "b", 100, 150)
