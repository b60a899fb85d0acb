"""How many jobs a tenant and a key may have waiting and under way, and what a day may cost them."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from job_life import Life

from core.errors import LimitReached
from core.ids import new_id
from core.jobs import cancel, release, submit
from core.jobs.states import Holds, Lane, State
from core.jobs.submit import Submission
from core.limits import backlog
from core.limits.admission import ROOM_COMES_S, Bounds
from core.usage import repository as usage
from core.workers.repository import ALIVE_WITHIN
from workers.dispatcher.planner import Planner

A_DAY_S = 86_400


async def tenant(life: Life, **limits: Any) -> UUID:
    tenant_id = new_id()
    await life.pool.execute(
        "INSERT INTO tenants (id, name, limits) VALUES ($1, $2, $3)", tenant_id, secrets.token_hex(8), limits
    )
    return tenant_id


async def refused(life: Life, **wanted: Any) -> LimitReached:
    with pytest.raises(LimitReached) as raised:
        await life.submit(**wanted)
    return raised.value


# --- waiting ------------------------------------------------------------------------------------------------


async def test_no_more_wait_than_may_and_room_comes_when_one_runs(life: Life) -> None:
    owner, bounds = await tenant(life), Bounds(queued=2)
    first, _ = [await life.submit(tenant_id=owner, bounds=bounds) for _ in range(2)]
    error = await refused(life, tenant_id=owner, bounds=bounds)
    assert (error.limit, error.whose, error.retry_after_s) == ("queued_jobs", "tenant", ROOM_COMES_S)
    assert await life.pool.fetchval("SELECT count(*) FROM jobs WHERE tenant_id = $1", owner) == 2
    await life.claimed(first)
    await life.submit(tenant_id=owner, bounds=bounds)


async def test_also_those_count_that_wait_for_their_time_for_their_session_or_at_the_broker(life: Life) -> None:
    owner, bounds = await tenant(life), Bounds(queued=3)
    await life.submit(tenant_id=owner, bounds=bounds, run_at=datetime.now(UTC) + timedelta(hours=1))
    await life.submit(tenant_id=owner, bounds=bounds)
    await life.release()
    await life.submit(tenant_id=owner, bounds=bounds)
    await refused(life, tenant_id=owner, bounds=bounds)


async def test_however_many_submit_at_once_exactly_as_many_are_taken_as_may_be(life: Life) -> None:
    owner, other = await tenant(life), await tenant(life)
    bounds = Bounds(queued=7)

    async def one(tenant_id: UUID, session: UUID | None = None) -> bool:
        wanted = Submission(tenant_id, life.agent, Holds.SANDBOX, {}, session_id=session, bounds=bounds)
        try:
            await submit.submit(life.pool, wanted)
        except LimitReached:
            return False
        return True

    taken = await asyncio.gather(*(one(owner) for _ in range(60)), *(one(other) for _ in range(60)))
    assert (sum(taken[:60]), sum(taken[60:])) == (7, 7)


async def test_a_keys_jobs_are_counted_apart_and_its_running_ones_with_the_waiting(life: Life) -> None:
    owner, key, other = await tenant(life), new_id(), new_id()
    mine: dict[str, Any] = {"tenant_id": owner, "key_id": key, "bounds": Bounds(key_live=2)}
    first = await life.submit(**mine)
    await life.submit(**mine)
    claim = await life.claimed(first)
    error = await refused(life, **mine)
    assert (error.limit, error.whose) == ("running_jobs", "key")
    await life.submit(tenant_id=owner, key_id=other, bounds=Bounds(key_queued=1))
    assert (await refused(life, tenant_id=owner, key_id=other, bounds=Bounds(key_queued=1))).limit == "queued_jobs"
    await life.end(claim)
    await life.submit(**mine)


async def test_a_limit_of_none_at_all_takes_none(life: Life) -> None:
    assert "0 jobs wait already" in (await refused(life, bounds=Bounds(queued=0))).detail


# --- running ------------------------------------------------------------------------------------------------


async def under_way(life: Life, owner: UUID) -> int:
    count: int = await life.pool.fetchval(
        "SELECT count(*) FROM jobs WHERE tenant_id = $1 AND (state = 'running' OR released_at IS NOT NULL)", owner
    )
    return count


async def released(life: Life, agent: str, lane: Lane = Lane.INTERACTIVE, limit: int | None = None) -> list[UUID]:
    async with life.pool.acquire() as connection, connection.transaction():
        picks, _ = await release.release(connection, agent, lane, 100, release.FIRST_TENANT, limit)
    return [pick.job_id for pick in picks]


async def test_a_tenants_running_jobs_are_counted_over_all_its_agents_and_lanes(life: Life) -> None:
    owner, free = await tenant(life, running_jobs=3), await tenant(life)
    second = life.agent + "-b"
    for agent in (life.agent, second):
        for lane in Lane:
            for _ in range(2):
                await life.submit(tenant_id=owner, agent=agent, lane=lane.value)
    for _ in range(5):
        await life.submit(tenant_id=free)
    assert len(await released(life, life.agent)) == 2 + 5
    assert len(await released(life, second)) == 1
    for agent in (life.agent, second):
        assert await released(life, agent, Lane.BATCH) == []
    assert await under_way(life, owner) == 3


async def test_the_services_default_holds_for_those_who_have_no_word_of_their_own(life: Life) -> None:
    usual, special = await tenant(life), await tenant(life, running_jobs=None)
    for owner in (usual, special):
        for _ in range(4):
            await life.submit(tenant_id=owner)
    assert len(await released(life, life.agent, limit=1)) == 1 + 4
    assert await under_way(life, usual) == 1


class Sent:
    """In place of a broker."""

    async def send(self, releases: Any, workers: int = 1) -> bool:
        return True


async def test_pools_that_plan_at_once_do_not_pass_it_together(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await tenant(life, running_jobs=5)
    first, second = f"{life.agent}-1", f"{life.agent}-2"
    monkeypatch.setattr("workers.dispatcher.planner.pool_agents", lambda pool: [Named(pool)])
    for name in (first, second):
        await life.pool.execute(
            "INSERT INTO workers (id, pool, agents, hostname, pid, slots) VALUES ($1, $2, $3, 'h', 1, 16)",
            new_id(),
            name,
            [name],
        )
        for _ in range(6):
            await life.submit(tenant_id=owner, agent=name)
    sent: Any = Sent()
    async with life.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert await release.plan(connection, first, [first], ALIVE_WITHIN) is not None
        picks, _ = await release.release(connection, first, Lane.INTERACTIVE, 3, release.FIRST_TENANT)
        other = asyncio.create_task(Planner(life.pool, sent, second).plan())
        # The other one has come to the lock, or would have gone past it.
        while not other.done() and not await life.pool.fetchval(WAITS):  # noqa: ASYNC110  (another connection waits)
            await asyncio.sleep(0.01)
        await transaction.commit()
    assert (len(picks), await other) == (3, 2)
    assert await under_way(life, owner) == 5


WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"


@dataclass
class Named:
    """As much of an agent as a planner needs."""

    name: str


# --- a day's tokens and money -----------------------------------------------------------------------------


async def test_what_a_day_may_use_up_ends_submits_until_the_next(life: Life) -> None:
    owner, key = await tenant(life), new_id()
    claim = await life.running(tenant_id=owner, key_id=key)
    await life.end(claim, usage={"model": "m", "input_tokens": 70, "output_tokens": 30, "cost_usd": 0.5})
    for bounds, limit, whose in [
        (Bounds(tokens=100), "tokens_per_day", "tenant"),
        (Bounds(key_tokens=100), "tokens_per_day", "key"),
        (Bounds(cost=0.5), "cost_per_day_usd", "tenant"),
        (Bounds(key_cost=0.25), "cost_per_day_usd", "key"),
    ]:
        error = await refused(life, tenant_id=owner, key_id=key, bounds=bounds)
        assert (error.limit, error.whose) == (limit, whose)
        now: datetime = await life.pool.fetchval("SELECT now()")
        midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
        assert error.retry_after_s is not None
        # True to the second, by the database's clock; the test may take its time.
        assert (midnight - now).total_seconds() <= error.retry_after_s + 0.001 <= A_DAY_S + 1
    await life.submit(tenant_id=owner, key_id=key, bounds=Bounds(tokens=101, key_tokens=101, cost=0.51, key_cost=0.51))
    await life.submit(tenant_id=owner, key_id=new_id(), bounds=Bounds(key_tokens=1))
    # What was used yesterday counts no more.
    await life.pool.execute("UPDATE usage_days SET day = day - 1 WHERE tenant_id = $1", owner)
    await life.submit(tenant_id=owner, key_id=key, bounds=Bounds(tokens=1))


# --- usage ------------------------------------------------------------------------------------------------


async def used(life: Life, owner: UUID) -> Any:
    today: Any = await life.pool.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    return await usage.by_day_and_agent(life.pool, owner, today - timedelta(days=1), today)


async def test_a_job_is_counted_once_however_often_it_was_tried(life: Life) -> None:
    owner = await tenant(life)
    first = await life.running(tenant_id=owner)
    await life.break_off(first)
    await life.due_now(first.id)
    second = await life.claimed(first.id)
    spent = {"model": "m", "input_tokens": 5, "output_tokens": 6}
    assert await life.end(first, usage=spent) is None
    assert await life.end(second, State.FAILED, usage=spent) is not None
    (day,) = await used(life, owner)
    assert (day.agent, day.jobs, day.input_tokens, day.output_tokens) == (life.agent, 1, 5, 6)
    assert day.run_ms >= 0


async def test_ends_at_once_by_many_workers_add_up(life: Life) -> None:
    owner = await tenant(life)
    claims = [await life.running(tenant_id=owner) for _ in range(20)]
    await asyncio.gather(*(life.end(claim, usage={"input_tokens": 1, "cost_usd": 0.1}) for claim in claims))
    (day,) = await used(life, owner)
    assert (day.jobs, day.input_tokens, float(day.cost_usd)) == (20, 20, 2.0)
    rows = await life.pool.fetchval("SELECT count(*) FROM usage_days WHERE tenant_id = $1", owner)
    assert rows == 20, "each worker process has rows of its own"


async def test_days_that_are_over_are_merged_and_say_the_same(life: Life) -> None:
    owner = await tenant(life)
    for _ in range(2):
        for _ in range(3):
            await life.end(await life.running(tenant_id=owner), usage={"output_tokens": 2})
        await life.pool.execute("UPDATE usage_days SET day = current_date - 5 WHERE tenant_id = $1", owner)
        await usage.merge_past(life.pool)
    rows = await life.pool.fetch("SELECT jobs, output_tokens FROM usage_days WHERE tenant_id = $1", owner)
    assert [tuple(row) for row in rows] == [(6, 12)]


@pytest.mark.parametrize(
    "said",
    [None, {}, {"input_tokens": "many"}, {"input_tokens": -5, "cost_usd": True}, {"output_tokens": [1]},
     {"input_tokens": float("nan"), "cost_usd": float("inf")}],
)  # fmt: skip
async def test_whatever_an_agent_says_it_used_its_job_ends(life: Life, said: Any) -> None:
    owner = await tenant(life)
    assert await life.end(await life.running(tenant_id=owner), usage=said) is not None
    (day,) = await used(life, owner)
    assert (day.jobs, day.input_tokens, day.output_tokens, day.cost_usd) == (1, 0, 0, 0)


async def test_jobs_that_never_ran_used_nothing(life: Life) -> None:
    owner = await tenant(life)
    job = await life.submit(tenant_id=owner)
    await life.pool.execute("UPDATE jobs SET deadline_at = now() WHERE id = $1", job)

    assert await cancel.expire(life.pool, job)
    assert await used(life, owner) == []


# --- all together -----------------------------------------------------------------------------------------


async def test_the_backlog_is_what_waits_of_all_tenants(life: Life) -> None:
    before = await life.pool.fetchval("SELECT count(*) FROM jobs WHERE state = 'queued'")
    await life.submit(tenant_id=await tenant(life))
    await life.submit(tenant_id=await tenant(life))
    assert await backlog.passes(life.pool, before + 1)
    assert not await backlog.passes(life.pool, before + 2)
