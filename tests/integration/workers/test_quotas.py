"""What a running job is told of its tenant's limits, and what becomes of one that meets them."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import pytest
import pytest_asyncio
from job_life import Life

from core.blobs import store
from core.ids import new_id
from core.jobs.lease import Claim
from core.settings import Settings
from core.usage import repository as usage
from core.usage.used import Used
from workers.context import AgentFailure, Context
from workers.quotas import Quotas

PRICES = ("demo:library=2/10",)


@pytest_asyncio.fixture(loop_scope="session")
async def quotas(life: Life) -> AsyncIterator[Quotas]:
    made = Quotas(Settings(limit_tokens_per_day=1000), life.pool)
    yield made
    await made.aclose()


async def tenant(life: Life, **limits: Any) -> UUID:
    tenant_id = new_id()
    await life.pool.execute(
        "INSERT INTO tenants (id, name, limits) VALUES ($1, $2, $3)", tenant_id, secrets.token_hex(8), limits
    )
    return tenant_id


async def key(life: Life, owner: UUID, **limits: Any) -> UUID:
    key_id = new_id()
    await life.pool.execute(
        "INSERT INTO api_keys (id, tenant_id, name, hint, sha256, scopes, limits) "
        "VALUES ($1, $2, 'k', 'h', $3, '{}', $4)",
        key_id,
        owner,
        secrets.token_bytes(32),
        limits,
    )
    return key_id


def context(claim: Claim, quotas: Quotas | None, pool: Any = None, **budgets: Any) -> Context:
    nothing = cast(Any, None)
    return Context(
        claim, Settings(model_prices=PRICES, **budgets), pool, nothing, nothing, asyncio.Event, quotas=quotas
    )  # type: ignore[arg-type]


USED = {"model": "demo:library", "input_tokens": 60, "output_tokens": 40}


async def test_a_job_goes_on_until_the_day_is_spent_and_keeps_what_it_made(life: Life, quotas: Quotas) -> None:
    owner = await tenant(life, tokens_per_day=150)
    claim = await life.running(tenant_id=owner)
    mine = context(claim, quotas)
    await mine.check_budget()
    await mine.check_budget(USED)
    await life.end(await life.running(tenant_id=owner), usage=USED)
    await mine.check_budget()
    with pytest.raises(AgentFailure) as failed:
        await mine.check_budget(USED, {"code": "half"})
    assert failed.value.error["type"] == "budget-exceeded"
    assert "150 tokens" in failed.value.error["detail"]
    assert (failed.value.result, failed.value.usage) == ({"code": "half"}, USED)


async def test_a_keys_budget_is_its_own(life: Life, quotas: Quotas) -> None:
    owner = await tenant(life, tokens_per_day=None)
    tight, wide = await key(life, owner, tokens_per_day=100), await key(life, owner)
    await life.end(await life.running(tenant_id=owner, key_id=tight), usage=USED)
    with pytest.raises(AgentFailure):
        await context(await life.running(tenant_id=owner, key_id=tight), quotas).check_budget()
    await context(await life.running(tenant_id=owner, key_id=wide), quotas).check_budget()


async def test_money_is_counted_by_the_operators_prices(life: Life, quotas: Quotas) -> None:
    """60 in at 2 and 40 out at 10 dollars for a million tokens."""
    owner = await tenant(life, cost_per_day_usd=0.00052, tokens_per_day=None)
    claim = await life.running(tenant_id=owner)
    with pytest.raises(AgentFailure) as failed:
        await context(claim, quotas).check_budget(USED)
    assert "0.00052 USD" in failed.value.error["detail"]
    await context(claim, quotas).check_budget(USED | {"model": "of no known price"})


async def test_the_services_default_holds_for_a_tenant_without_a_word(life: Life, quotas: Quotas) -> None:
    claim = await life.running(tenant_id=await tenant(life))
    await context(claim, quotas).check_budget({"input_tokens": 999})
    with pytest.raises(AgentFailure):
        await context(claim, quotas).check_budget({"input_tokens": 1000})


async def test_a_job_may_have_a_budget_of_its_own(life: Life) -> None:
    claim = await life.running()
    await context(claim, None, budget_tokens_per_job=101).check_budget(USED)
    with pytest.raises(AgentFailure) as failed:
        await context(claim, None, budget_tokens_per_job=100).check_budget(USED, {"code": "half"})
    assert failed.value.error["title"] == "The job's budget is used up"
    assert "100 tokens" in failed.value.error["detail"]
    assert (failed.value.result, failed.value.usage) == ({"code": "half"}, USED)
    await context(claim, None, budget_cost_per_job_usd=0.00053).check_budget(USED)
    with pytest.raises(AgentFailure, match="budget-exceeded"):
        await context(claim, None, budget_cost_per_job_usd=0.00052).check_budget(USED)


async def test_a_sessions_budget_counts_its_ended_jobs_and_this_one(life: Life) -> None:
    session = await life.session()
    await life.end(await life.running(session_id=session), usage=USED)
    claim = await life.running(session_id=session)
    await context(claim, None, life.pool, budget_tokens_per_session=101).check_budget()
    with pytest.raises(AgentFailure) as failed:
        await context(claim, None, life.pool, budget_tokens_per_session=101).check_budget({"input_tokens": 1})
    assert failed.value.error["title"] == "The session's budget is used up"
    assert "new session" in failed.value.error["detail"]
    elsewhere = await life.running(session_id=await life.session())
    await context(elsewhere, None, life.pool, budget_tokens_per_session=101).check_budget()


async def test_what_an_attempt_used_that_came_to_no_end_is_counted_on_the_day(life: Life) -> None:
    owner, worker = await tenant(life), new_id()
    claim = await life.running(tenant_id=owner)
    await usage.count_unfinished(life.pool, claim, worker, Used(60, 40))
    await usage.count_unfinished(life.pool, claim, worker, Used(1, 2))
    await usage.count_unfinished(life.pool, claim, worker, Used())
    await life.end(claim, usage=USED)
    today = await life.pool.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    (day,) = await usage.by_day_and_agent(life.pool, owner, today, today)
    assert (day.jobs, day.input_tokens, day.output_tokens) == (1, 121, 82)


async def test_there_is_room_for_what_fits(life: Life, quotas: Quotas) -> None:
    owner = await tenant(life, storage_bytes=100)
    mine = context(await life.running(tenant_id=owner), quotas)
    assert await mine.has_room(100)
    async with life.pool.acquire() as connection, connection.transaction():
        await store.write(connection, owner, io.BytesIO(b"x" * 60))
    assert (await mine.has_room(40), await mine.has_room(41)) == (True, False)
    free = context(await life.running(tenant_id=await tenant(life)), quotas)
    assert await free.has_room(2**60)
