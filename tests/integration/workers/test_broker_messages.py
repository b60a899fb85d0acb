"""What travels through the broker: ids and numbers, and nothing that a tenant said or is called."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
import redis.asyncio
from job_life import Life

from core.access import tenants
from core.access.operator import OPERATOR
from core.database.pool import Pool
from core.sessions import repository as sessions
from core.settings import Settings
from embedded.redis import running_redis
from workers.dispatcher.messages import Messages

SAID = "a word that only this tenant has said"


@pytest.mark.parametrize("workers", [1, 4], ids=["in a backlog", "one by one"])
async def test_a_message_says_which_jobs_and_nothing_of_them(workers: int, pool: Pool, database: str) -> None:
    life = Life(pool, "execute")
    async with pool.acquire() as connection:
        tenant = await tenants.create(connection, OPERATOR, f"{SAID} {secrets.token_hex(4)}")
    session = await sessions.create(pool, tenant.id, SAID)
    wanted = {"tenant_id": tenant.id, "input": {"code": f"print({SAID!r})"}, "metadata": {"note": SAID}}
    mine = {await life.submit(session_id=session.id, **wanted), *[await life.submit(**wanted) for _ in range(3)]}
    released = [one for one in await life.release() if one.job_id in mine]
    with running_redis() as broker:
        messages = Messages(Settings(DATABASE_URL=database, REDIS_URL=broker.url))  # type: ignore[call-arg]
        assert await messages.send(released, workers)
        messages.close()
        client = redis.asyncio.from_url(broker.url)
        queues = [name async for name in client.scan_iter() if await client.type(name) == b"list"]
        sent = [json.loads(one) for name in queues for one in await client.lrange(name, 0, -1)]
        await client.aclose()
    picks = []
    for message in sent:
        body = base64.b64decode(message["body"]).decode()
        for told in (body, json.dumps(message)):
            for never in ("only this tenant", str(tenant.id), str(session.id)):
                assert never not in told
        arguments, keywords, _ = json.loads(body)
        assert keywords == {}
        picks += arguments[0]
    assert sorted(picks) == sorted([str(one.job_id), one.release] for one in released)
    assert {job_id for job_id, _ in picks} == {str(job_id) for job_id in mine}
