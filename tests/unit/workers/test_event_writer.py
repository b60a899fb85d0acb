"""What the agents of a process say is written in groups and in order, published after its commit, and fenced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import redis.asyncio
from job_life import Life

from core.channels import EVENTS
from core.events import log
from core.events.news import event_of, unpacked
from core.events.publisher import Publisher
from core.jobs.lease import Held
from core.settings import Settings
from embedded.redis import RedisServer
from workers.event_writer import LONGEST_TEXT, EventWriter


@asynccontextmanager
async def writing(
    life: Life, redis_server: RedisServer, flush_s: float = 0.01
) -> AsyncIterator[tuple[EventWriter, list[Held]]]:
    """A writer at work, and the attempts that it found to be lost."""
    lost: list[Held] = []
    settings = Settings(REDIS_URL=redis_server.url)  # type: ignore[call-arg]
    async with Publisher(settings) as publisher:
        writer = EventWriter(life.pool, publisher, flush_s, lost.append)
        work = asyncio.create_task(writer.run())
        yield writer, lost
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def said(life: Life, job_id: UUID) -> list[tuple[str, Any]]:
    """The events after `job.running`."""
    return [(event.type, event.data.get("text")) for event in await log.read(life.pool, job_id, 2, 1000)]


async def test_neighbouring_pieces_of_one_stream_become_one_event(life: Life, redis_server: RedisServer) -> None:
    claim = await life.running()
    async with writing(life, redis_server, flush_s=60) as (writer, _):
        writer.add(claim.held, "sandbox.started", {"tier": "B"})
        for type_, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d"), ("stdout", "e")]:
            writer.add(claim.held, type_, {"text": text})
        await writer.flush(claim.held)
    assert (await said(life, claim.id))[1:] == [("stdout", "ab"), ("stderr", "c"), ("stdout", "de")]


async def test_merged_events_have_a_longest_length(life: Life, redis_server: RedisServer) -> None:
    claim = await life.running()
    async with writing(life, redis_server, flush_s=60) as (writer, _):
        for _ in range(3):
            writer.add(claim.held, "stdout", {"text": "x" * (LONGEST_TEXT // 2)})
        await writer.flush(claim.held)
    assert [len(text) for _, text in await said(life, claim.id)] == [LONGEST_TEXT, LONGEST_TEXT // 2]


async def test_the_first_event_of_a_job_does_not_wait_for_company(life: Life, redis_server: RedisServer) -> None:
    claim = await life.running()
    async with writing(life, redis_server, flush_s=3600) as (writer, _):
        writer.add(claim.held, "stdout", {"text": "first"})
        async with asyncio.timeout(30):
            while not await said(life, claim.id):  # noqa: ASYNC110  (only Postgres knows)
                await asyncio.sleep(0.005)
        writer.add(claim.held, "stdout", {"text": "second"})
        assert await writer.take(claim.held) == [("stdout", {"text": "second"})]


async def test_the_first_text_of_a_job_does_not_wait_either(life: Life, redis_server: RedisServer) -> None:
    claim = await life.running()
    async with writing(life, redis_server, flush_s=3600) as (writer, _):
        for type_, data in (("model.selected", {"model": "m"}), ("code.delta", {"text": "first"})):
            writer.add(claim.held, type_, data)
            async with asyncio.timeout(30):
                while type_ not in dict(await said(life, claim.id)):  # noqa: ASYNC110  (only Postgres knows)
                    await asyncio.sleep(0.005)


async def test_what_was_taken_for_the_end_is_not_written_by_the_way(life: Life, redis_server: RedisServer) -> None:
    claim = await life.running()
    async with writing(life, redis_server, flush_s=3600) as (writer, _):
        writer.add(claim.held, "stdout", {"text": "a"})
        await writer.flush(claim.held)
        writer.add(claim.held, "stdout", {"text": "b"})
        rest = await writer.take(claim.held)
        await writer.flush(claim.held)
    await life.end(claim, events=rest)
    assert (await said(life, claim.id))[:-1] == [("stdout", "a"), ("stdout", "b")]
    await life.story(claim.id)


async def test_a_job_that_was_taken_away_is_told_and_others_are_written(life: Life, redis_server: RedisServer) -> None:
    mine, taken = await life.running(), await life.running()
    await life.break_off(taken)
    async with writing(life, redis_server, flush_s=0.2) as (writer, lost):
        for claim in (mine, taken):
            writer.add(claim.held, "stdout", {"text": "x"})
        async with asyncio.timeout(30):
            while not (lost and await said(life, mine.id)):  # noqa: ASYNC110  (only Postgres knows)
                await asyncio.sleep(0.005)
    assert lost == [taken.held]
    assert "stdout" not in await life.story(taken.id)


async def test_events_are_published_once_they_can_be_read(life: Life, redis_server: RedisServer) -> None:
    claim = await life.running()
    async with redis.asyncio.from_url(redis_server.url) as connection, connection.pubsub() as pubsub:
        await pubsub.subscribe(EVENTS)
        async with writing(life, redis_server) as (writer, _):
            writer.add(claim.held, "stdout", {"text": "x"})
            async for message in pubsub.listen():
                if message["type"] == "message":
                    break
            assert await said(life, claim.id) == [("stdout", "x")]
            [told] = unpacked(message["data"])
            assert (told.job, told.seq) == (claim.id.hex.encode(), 3)
            [(seq, type_, line)] = map(event_of, told.events)
            assert (seq, type_, json.loads(line)["text"]) == (3, "stdout", "x")
            assert line.decode() == (await log.read(life.pool, claim.id, 2, 10))[0].line()
