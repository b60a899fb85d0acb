"""Which sandboxes are idle, make room, or are nobody's; and what is left of a session that is deleted."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from job_life import Life

from core.access import tenants
from core.access.operator import OPERATOR
from core.blobs import store
from core.errors import NotFound
from core.files import repository as files
from core.ids import new_id
from core.jobs import artifacts, reading
from core.jobs.lease import Claim
from core.jobs.states import Holds, State
from core.jobs.submit import Submission, submit
from core.sessions import removal, sandboxes, started
from core.sessions import repository as sessions
from core.sessions.started import Started
from core.tenants import DEFAULT_TENANT

HOUR = timedelta(hours=1)


async def used(life: Life, session: UUID, sandbox_id: str, ago: timedelta = timedelta(0)) -> Claim:
    """A job that uses a sandbox in its session; it began so long ago."""
    claim = await life.running(session_id=session)
    assert await sandboxes.remember(
        life.pool, session, claim.id, claim.attempt, sandbox_id=sandbox_id, tier="B", files_version=0, lifetime=HOUR
    )
    await life.pool.execute("UPDATE sandboxes SET used_at = now() - $2::interval WHERE session_id = $1", session, ago)
    return claim


async def idle(life: Life, sandbox_id: str, ago: timedelta) -> UUID:
    """A session whose sandbox was last used so long ago."""
    session = await life.session()
    claim = await used(life, session, sandbox_id, ago)
    await life.end(claim)
    await life.pool.execute("UPDATE jobs SET finished_at = now() - $2::interval WHERE id = $1", claim.id, ago)
    return session


async def why(life: Life, session: UUID) -> str | None:
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    return known.ended_because


async def test_what_nobody_used_for_long_is_ended_and_nothing_else(life: Life) -> None:
    old, new = await idle(life, "old", HOUR), await idle(life, "new", timedelta(minutes=1))
    busy = await life.session()
    running = await used(life, busy, "busy", HOUR)
    await sandboxes.end_idle(life.pool, timedelta(minutes=15), "idle")
    assert [await why(life, session) for session in (old, new, busy)] == ["idle", None, None]
    # A long run is no idleness: what counts is its end.
    await life.end(running)
    await sandboxes.end_idle(life.pool, timedelta(minutes=15), "idle")
    assert await why(life, busy) is None


async def test_the_tenant_s_longest_idle_one_makes_room(life: Life) -> None:
    mine = await life.session()
    first, second = await idle(life, "first", 3 * HOUR), await idle(life, "second", 2 * HOUR)
    await used(life, mine, "mine", 4 * HOUR)
    await used(life, await life.session(), "busy", 5 * HOUR)
    await life.pool.execute(
        "UPDATE sandboxes SET expires_at = now() - interval '1 second' WHERE session_id = $1",
        await idle(life, "past its end", 6 * HOUR),
    )
    async with life.pool.acquire() as connection:
        other = await tenants.create(connection, OPERATOR, f"other-{new_id()}")
    assert await sandboxes.end_longest_idle(life.pool, other.id, None, "room") is None
    told = []
    for _ in range(2):
        told.append(await sandboxes.end_longest_idle(life.pool, DEFAULT_TENANT, mine, "room"))
    assert told == ["first", "second"]
    assert [await why(life, session) for session in (first, second, mine)] == ["room", "room", None]


async def begun(life: Life, claim: Claim, sandbox_id: str | None) -> Started:
    """It was, or may have been, started for this attempt."""
    one = Started(f"{claim.id.hex}-{claim.attempt}-test", "name", 600)
    await started.begin(life.pool, claim.held, one)
    if sandbox_id is not None:
        await started.has_started(life.pool, one.token, sandbox_id)
    return one


async def orphans(life: Life, *among: Started) -> list[str | None]:
    """Which of them nobody uses."""
    tokens = {one.token for one in among}
    return [one.sandbox_id for one in await started.take_orphans(life.pool) if one.token in tokens]


async def again(life: Life) -> None:
    """The time after which orphans are given out again has passed."""
    await life.pool.execute("UPDATE started_sandboxes SET stopping_at = NULL")


async def test_a_sandbox_of_a_lost_attempt_is_an_orphan(life: Life) -> None:
    claim = await life.running()
    one = await begun(life, claim, "thrown away")
    assert await orphans(life, one) == []
    await life.break_off(claim)
    assert await orphans(life, one) == ["thrown away"]
    assert await orphans(life, one) == []  # somebody is at it
    await again(life)
    assert await orphans(life, one) == ["thrown away"]
    await started.has_stopped(life.pool, "thrown away")
    await again(life)
    assert await orphans(life, one) == []


async def test_one_that_may_never_have_started_is_an_orphan_too(life: Life) -> None:
    claim = await life.running()
    one = await begun(life, claim, None)
    await life.break_off(claim)
    assert await orphans(life, one) == [None]
    await started.never_started(life.pool, one.token)
    await again(life)
    assert await orphans(life, one) == []


async def test_a_sessions_sandbox_is_kept_until_it_is_ended(life: Life) -> None:
    session, name = await life.session(), f"sb-{new_id()}"
    claim = await used(life, session, name)
    one = await begun(life, claim, name)
    await life.end(claim)
    assert await orphans(life, one) == []
    running = await used(life, session, name)
    await sandboxes.end_any(life.pool, session, "asked for")
    assert await orphans(life, one) == []  # what runs in it runs on
    await life.end(running)
    assert await orphans(life, one) == [name]


async def test_what_has_outlived_itself_is_forgotten(life: Life) -> None:
    claim = await life.running()
    one = await begun(life, claim, "old")
    await life.break_off(claim)
    await life.pool.execute("UPDATE started_sandboxes SET started_at = now() - interval '1 day'")
    assert await orphans(life, one) == []
    assert await life.pool.fetchval("SELECT count(*) FROM started_sandboxes WHERE token = $1", one.token) == 0


# --- deleting a session ---------------------------------------------------------------------------------------


async def full(life: Life) -> tuple[UUID, Claim, UUID]:
    """A session with a file, a figure, a running job and one that waits."""
    session = await life.session()
    await files.put(life.pool, DEFAULT_TENANT, session, "a.txt", io.BytesIO(b"file"))
    claim = await used(life, session, f"sb-{session}")
    await artifacts.keep(life.pool, claim, "figure-1.png", "image/png", io.BytesIO(b"figure"))
    return session, claim, await life.submit(session_id=session)


async def test_a_deleted_session_is_gone_for_everybody_at_once(life: Life) -> None:
    session, claim, waiting = await full(life)
    cancelled = await removal.delete(life.pool, DEFAULT_TENANT, session)
    assert sorted(cancelled) == sorted([claim.id, waiting])
    assert await life.state(waiting) is State.CANCELLED
    assert (await life.row(claim.id))["cancel_requested_at"] is not None
    assert await why(life, session) == "its session was deleted"
    wanted = Submission(DEFAULT_TENANT, life.agent, session_id=session, input={}, holds=Holds.SANDBOX)
    asks: list[Any] = [
        sessions.get(life.pool, DEFAULT_TENANT, session),
        sessions.rename(life.pool, DEFAULT_TENANT, session, "x"),
        sessions.reset(life.pool, DEFAULT_TENANT, session),
        removal.delete(life.pool, DEFAULT_TENANT, session),
        files.put(life.pool, DEFAULT_TENANT, session, "b.txt", io.BytesIO(b"x")),
        submit(life.pool, wanted),
    ]
    for ask in asks:
        with pytest.raises(NotFound):
            await ask
    assert session not in [one.id for one in await sessions.page(life.pool, DEFAULT_TENANT, 100, None)]


async def test_it_is_removed_with_all_it_has_when_its_last_job_has_ended(life: Life) -> None:
    session, claim, waiting = await full(life)
    blobs = await life.pool.fetch(
        "SELECT blob_id FROM files WHERE session_id = $1 UNION SELECT blob_id FROM artifacts WHERE job_id = $2",
        session,
        claim.id,
    )
    assert len(blobs) == 2
    await removal.delete(life.pool, DEFAULT_TENANT, session)
    now = timedelta(0)
    await removal.remove_deleted(life.pool, now)
    assert await life.state(claim.id) is State.RUNNING  # not before its end
    await life.end(claim, State.CANCELLED)
    await life.pool.execute("UPDATE sessions SET deleted_at = now() - 2 * $2::interval WHERE id = $1", session, HOUR)
    await removal.remove_deleted(life.pool, HOUR)
    assert (await life.story(claim.id))[-1] == "job.cancelled"  # whoever follows it can still read that
    await removal.remove_deleted(life.pool, now)
    for job_id in (claim.id, waiting):
        with pytest.raises(NotFound):
            await reading.get(life.pool, DEFAULT_TENANT, job_id)
    for row in blobs:
        assert [piece async for piece in store.read(life.pool, row["blob_id"])] == []
    for table in ("sessions", "sandboxes", "files"):
        column = "id" if table == "sessions" else "session_id"
        assert await life.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {column} = $1", session) == 0


async def test_only_its_owner_deletes_or_resets_a_session(life: Life) -> None:
    session = await life.session()
    async with life.pool.acquire() as connection:
        other = await tenants.create(connection, OPERATOR, f"other-{new_id()}")
    for ask in (removal.delete(life.pool, other.id, session), sessions.reset(life.pool, other.id, session)):
        with pytest.raises(NotFound):
            await ask
    assert (await sessions.get(life.pool, DEFAULT_TENANT, session)).id == session
