"""A request that waits for the end of its job is answered at that end, whenever it comes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from job_life import Life
from services import PATIENCE_S

from api.app import create_app
from core.ids import Prefix, encode
from core.jobs import reading
from core.jobs.job import Job
from core.settings import Settings
from embedded.redis import RedisServer


async def test_a_job_that_ends_as_soon_as_it_was_read_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, database: str, stream_redis: RedisServer, life: Life
) -> None:
    app = create_app(Settings(DATABASE_URL=database, REDIS_URL=stream_redis.url))  # type: ignore[call-arg]
    claim = await life.running()
    get = reading.get

    async def get_and_end(*asked: Any) -> Job:
        job = await get(*asked)
        if not job.state.terminal:
            await life.end(claim)
        return job

    monkeypatch.setattr(reading, "get", get_and_end)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
        asyncio.timeout(PATIENCE_S / 2),
    ):
        answer = await client.get(f"/v1/jobs/{encode(Prefix.JOB, claim.id)}", params={"wait": PATIENCE_S - 5})
    assert answer.json()["state"] == "succeeded"
