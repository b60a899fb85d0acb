"""What an attempt keeps beside its events is fenced like them: its sandbox and its artifacts."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from job_life import Life

from core.blobs import store
from core.errors import NotFound
from core.ids import new_id
from core.jobs import artifacts
from core.jobs.lease import Claim
from core.sessions import repository as sessions
from core.sessions import sandboxes
from core.tenants import DEFAULT_TENANT

HOUR = timedelta(hours=1)


async def remember(life: Life, session: UUID, claim: Claim, sandbox_id: str = "sb", **more: Any) -> bool:
    wanted = {"sandbox_id": sandbox_id, "tier": "B", "files_version": 0, "lifetime": HOUR} | more
    return await sandboxes.remember(life.pool, session, claim.id, claim.attempt, **wanted)


async def test_a_session_keeps_its_sandbox_from_job_to_job(life: Life) -> None:
    session = await life.session()
    first = await life.running(session_id=session)
    assert await sandboxes.get(life.pool, session) is None
    assert await remember(life, session, first)
    await life.end(first)
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    assert (known.sandbox_id, known.job_id, known.attempt, known.suspect) == ("sb", first.id, 1, False)
    second = await life.running(session_id=session)
    assert await remember(life, session, second, lifetime=None)
    again = await sandboxes.get(life.pool, session)
    assert again is not None
    assert (again.job_id, again.expires_at) == (second.id, known.expires_at)


async def test_a_stale_attempt_puts_no_sandbox_in_place(life: Life) -> None:
    session = await life.session()
    old = await life.running(session_id=session)
    await life.break_off(old)
    assert not await remember(life, session, old, "stale")
    await life.due_now(old.id)
    new = await life.claimed(old.id)
    assert await remember(life, session, new, "fresh")
    assert not await remember(life, session, old, "stale")
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    assert known.sandbox_id == "fresh"


async def test_a_broken_attempt_leaves_its_sandbox_suspect(life: Life) -> None:
    session = await life.session()
    claim = await life.running(session_id=session)
    await remember(life, session, claim)
    await life.break_off(claim)
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    assert known.suspect
    await life.due_now(claim.id)
    await remember(life, session, await life.claimed(claim.id), "fresh")
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    assert not known.suspect


async def test_the_break_of_a_job_that_has_no_part_in_the_sandbox_leaves_it_be(life: Life) -> None:
    session = await life.session()
    claim = await life.running(session_id=session)
    await remember(life, session, claim)
    await life.end(claim)
    await life.break_off(await life.running(session_id=session))  # it broke before it opened the sandbox
    known = await sandboxes.get(life.pool, session)
    assert known is not None
    assert not known.suspect


async def test_only_the_named_sandbox_is_ended_and_the_first_reason_stays(life: Life) -> None:
    session = await life.session()
    await remember(life, session, await life.running(session_id=session), "one")
    await sandboxes.end(life.pool, session, "another", "not this one")
    assert (await known(life, session)).ended_because is None
    await sandboxes.end(life.pool, session, "one", "it was old")
    await sandboxes.end(life.pool, session, "one", "and broken")
    assert (await known(life, session)).ended_because == "it was old"
    assert (await sessions.get(life.pool, DEFAULT_TENANT, session)).sandbox_expires_at is None


async def test_a_sandbox_that_was_ended_is_not_taken_up_again(life: Life) -> None:
    """Not even by a job that looked at it before; another one takes its place, and is good."""
    session = await life.session()
    claim = await life.running(session_id=session)
    await remember(life, session, claim, "one")
    await sandboxes.end_any(life.pool, session, "asked for")
    assert not await remember(life, session, claim, "one", lifetime=None)
    assert await remember(life, session, claim, "two")
    assert (await known(life, session)).ended_because is None


async def known(life: Life, session: UUID) -> sandboxes.Sandbox:
    found = await sandboxes.get(life.pool, session)
    assert found is not None
    return found


async def keep(life: Life, claim: Claim, content: bytes, name: str = "figure-1.png") -> artifacts.Artifact | None:
    return await artifacts.keep(life.pool, claim, name, "image/png", io.BytesIO(content))


async def read(life: Life, artifact: artifacts.Artifact) -> bytes:
    return b"".join([piece async for piece in store.read(life.pool, artifact.blob_id)])


async def test_an_artifact_belongs_to_its_job_and_tenant(life: Life) -> None:
    claim = await life.running()
    kept = await keep(life, claim, b"picture")
    assert kept is not None
    found = await artifacts.get(life.pool, DEFAULT_TENANT, claim.id, "figure-1.png")
    assert (found, await read(life, found)) == (kept, b"picture")
    for tenant, job_id, name in (
        (new_id(), claim.id, "figure-1.png"),
        (DEFAULT_TENANT, new_id(), "figure-1.png"),
        (DEFAULT_TENANT, claim.id, "figure-2.png"),
    ):
        with pytest.raises(NotFound):
            await artifacts.get(life.pool, tenant, job_id, name)


async def test_a_stale_attempt_keeps_no_artifact_and_a_new_one_replaces_the_old(life: Life) -> None:
    old = await life.running()
    assert await keep(life, old, b"old")
    await life.break_off(old)
    assert await keep(life, old, b"stale") is None
    await life.due_now(old.id)
    new = await life.claimed(old.id)
    assert await keep(life, old, b"stale") is None
    found = await artifacts.get(life.pool, DEFAULT_TENANT, old.id, "figure-1.png")
    assert await read(life, found) == b"old"
    assert await keep(life, new, b"new")
    found = await artifacts.get(life.pool, DEFAULT_TENANT, old.id, "figure-1.png")
    assert await read(life, found) == b"new"
