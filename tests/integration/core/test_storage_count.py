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
from core.errors import StorageFull
from core.files import repository as files
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


async def test_uploads_count_also_the_versions_they_replace_until_those_are_removed(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    await put(life, owner, session, "a", 300_000)
    await put(life, owner, session, "a", 10)
    await put(life, owner, session, "b", 5)
    await files.delete(life.pool, owner, session, "b")
    await files.remove_replaced(life.pool)
    assert await counted(life, owner) == 300_015, "whoever reads them has time to finish"
    await life.pool.execute(
        "UPDATE files SET replaced_at = replaced_at - interval '11 minutes' WHERE session_id = $1", session
    )
    await files.remove_replaced(life.pool)
    assert await counted(life, owner) == 10
    assert [file.path for file in await files.current(life.pool, owner, session)] == ["a"]
    kept = await files.get(life.pool, owner, session, "a")
    assert b"".join([piece async for piece in store.read(life.pool, kept.blob_id)]) == b"x" * 10


async def test_a_sandbox_still_learns_of_a_deletion_whose_version_was_removed(life: Life) -> None:
    owner = await tenant(life)
    session = (await sessions.create(life.pool, owner, "")).id
    await put(life, owner, session, "a", 1)
    seen = await files.version(life.pool, session)
    await files.delete(life.pool, owner, session, "a")
    await life.pool.execute("UPDATE files SET replaced_at = now() - interval '1 day' WHERE replaced_at IS NOT NULL")
    await files.remove_replaced(life.pool)
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
