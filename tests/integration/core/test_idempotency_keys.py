"""One key creates one thing, however often and however much at once it is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from job_life import Life

from core import idempotency
from core.database.pool import AWAY, Connection
from core.idempotency import Key, KeyReused
from core.ids import Prefix, encode, new_id
from core.jobs.states import Holds
from core.jobs.submit import Submission, submit_in
from core.tenants import DEFAULT_TENANT


def key(name: str, request: Any = None, route: str = "POST /v1/jobs") -> Key:
    return Key.of(DEFAULT_TENANT, route, name, request)


class Counted:
    """Something to create, which counts how often it was."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, connection: Connection) -> dict[str, Any]:
        self.times += 1
        await connection.execute("SELECT pg_sleep(0.01)")  # room for others to come in between
        return {"number": self.times}


async def test_the_first_answer_is_given_again(life: Life) -> None:
    create = Counted()
    first = await idempotency.once(life.pool, key("a", {"x": 1, "y": 2}), 202, create)
    again = await idempotency.once(life.pool, key("a", {"y": 2, "x": 1}), 202, create)
    assert (first.replayed, again.replayed, create.times) == (False, True, 1)
    assert (again.status, again.body) == (first.status, first.body) == (202, {"number": 1})


async def test_many_at_once_create_once(life: Life) -> None:
    create = Counted()
    answers = await asyncio.gather(*(idempotency.once(life.pool, key("many"), 201, create) for _ in range(10)))
    assert create.times == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 9
    assert {answer.body["number"] for answer in answers} == {1}


async def test_a_key_with_another_body_is_refused(life: Life) -> None:
    create = Counted()
    await idempotency.once(life.pool, key("b", 1), 202, create)
    with pytest.raises(KeyReused):
        await idempotency.once(life.pool, key("b", 2), 202, create)
    assert create.times == 1


async def test_a_key_holds_for_its_route_and_tenant_only(life: Life) -> None:
    create, stranger = Counted(), new_id()
    await life.pool.execute("INSERT INTO tenants (id, name) VALUES ($1, $2)", stranger, str(stranger))
    for each in (key("c"), key("c", route="POST /v1/sessions"), Key.of(stranger, "POST /v1/jobs", "c", None)):
        assert not (await idempotency.once(life.pool, each, 202, create)).replayed


async def test_what_failed_is_not_remembered(life: Life) -> None:
    async def fail(connection: Connection) -> dict[str, Any]:
        raise RuntimeError("no")

    create = Counted()
    with pytest.raises(RuntimeError):
        await idempotency.once(life.pool, key("d"), 202, fail)
    assert not (await idempotency.once(life.pool, key("d"), 202, create)).replayed


async def test_a_crash_between_the_key_and_the_job_leaves_neither(life: Life) -> None:
    """The first request's connection is taken away once its job is written; the second, which waited, creates."""
    begun = asyncio.Event()

    async def crash(connection: Connection) -> dict[str, Any]:
        await submit_in(connection, wanted)
        begun.set()
        await asyncio.wait_for(second_waits(), 30)
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        raise AssertionError("the connection outlived its end")

    async def create(connection: Connection) -> dict[str, Any]:
        return (await submit_in(connection, wanted)).view()

    async def second_waits() -> None:
        """Until somebody waits for the lock on the key's row."""
        while not await life.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    wanted = Submission(tenant_id=DEFAULT_TENANT, agent=life.agent, holds=Holds.NOTHING, input={})
    first = asyncio.create_task(idempotency.once(life.pool, key("crash"), 202, crash))
    await begun.wait()
    second = await idempotency.once(life.pool, key("crash"), 202, create)
    with pytest.raises(AWAY):
        await first
    assert not second.replayed
    stored = await life.pool.fetch("SELECT id FROM jobs WHERE agent = $1", life.agent)
    assert [encode(Prefix.JOB, row["id"]) for row in stored] == [second.body["id"]]
    assert (await idempotency.once(life.pool, key("crash"), 202, create)).body == second.body


async def test_a_key_is_free_again_after_a_day(life: Life) -> None:
    create = Counted()
    await idempotency.once(life.pool, key("e", 1), 202, create)
    await life.pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'e'")
    assert (await idempotency.once(life.pool, key("e", 2), 202, create)).body == {"number": 2}
    await idempotency.once(life.pool, key("f"), 202, create)
    await life.pool.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'f'")
    await idempotency.forget_old(life.pool)
    left = {row["key"] for row in await life.pool.fetch("SELECT key FROM idempotency_keys")}
    assert "e" in left
    assert "f" not in left
