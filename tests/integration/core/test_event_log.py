"""A job's events are numbered without a gap by whoever writes them, and a stale attempt writes nothing."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import asyncpg
import pytest
from job_life import Life

from core.database.pool import IN_ORDER_OF_INDEX, open_pool
from core.events import log
from core.events.log import Entry
from core.ids import new_id
from core.jobs import lease
from core.jobs.lease import Ending
from core.jobs.states import State
from core.settings import Settings


async def test_numbers_have_no_gap_with_many_writers_at_once(life: Life) -> None:
    claim = await life.running()
    await asyncio.gather(*(life.say(claim, f"{writer} a", f"{writer} b") for writer in range(25)))
    events = await log.read(life.pool, claim.id, 2, 1000)
    assert [event.seq for event in events] == list(range(3, 53))
    texts = [event.data["text"] for event in events]
    assert [text.split()[1] for text in texts] == ["a", "b"] * 25  # a group stays together and in order
    assert len({text.split()[0] for text in texts[::2]}) == 25


async def test_a_stale_attempt_writes_nothing_and_is_told(life: Life) -> None:
    old = await life.running()
    assert await life.say(old, "first")
    await life.break_off(old)
    assert await life.say(old, "while it is queued") == []
    await life.due_now(old.id)
    new = await life.claimed(old.id)
    assert await life.say(old, "while another attempt runs") == []
    assert await life.say(replace(new, attempt=3), "an attempt that is not there yet") == []
    [written] = await life.say(new, "second")
    assert written.attempt == 2
    await life.end(new)
    assert await life.say(new, "after the end") == []
    assert (await life.story(old.id)).count("stdout") == 2


async def test_a_refused_job_does_not_fail_its_group(life: Life) -> None:
    good, stale, gone = await life.running(), await life.running(), replace(await life.running(), id=new_id())
    await life.end(stale)
    entries = [Entry(each.id, each.attempt, [("stdout", {"text": "x"})]) for each in (stale, good, gone)]
    assert {event.job_id for event in await log.append(life.pool, entries)} == {good.id}


async def test_what_is_returned_is_what_was_written(life: Life) -> None:
    claim = await life.running()
    assert await life.say(claim, "a", "b") == (await log.read(life.pool, claim.id, 2, 10))


async def test_groups_over_the_same_jobs_never_wait_in_a_circle(life: Life) -> None:
    """Were jobs locked in the order in which they are named, these would deadlock within a few rounds."""
    claims = [await life.running() for _ in range(8)]
    chance = random.Random(7)

    async def write(orders: list[list[int]]) -> None:
        for order in orders:
            entries = [Entry(claims[i].id, 1, [("stdout", {"text": "x"})]) for i in order]
            assert len(await log.append(life.pool, entries)) == len(order)

    plans = [[chance.sample(range(8), 8) for _ in range(15)] for _ in range(10)]
    await asyncio.gather(*(write(plan) for plan in plans))
    for claim in claims:
        assert (await life.story(claim.id)).count("stdout") == 150


async def test_an_event_that_waits_while_its_job_ends_is_not_written_after_the_end(life: Life) -> None:
    claim = await life.running()
    async with life.pool.acquire() as ending:
        transaction = ending.transaction()
        await transaction.start()
        await ending.execute("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE", claim.id)
        late = asyncio.create_task(life.say(claim, "late"))
        waiting = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = $1"
        name = await life.pool.fetchval("SELECT current_database()")
        while not await life.pool.fetchval(waiting, name):  # noqa: ASYNC110  (only Postgres knows)
            await asyncio.sleep(0)
        assert await lease._end(ending, [(claim, Ending(State.SUCCEEDED))])
        await transaction.commit()
    assert await late == []
    assert await life.story(claim.id) == ["job.queued", "job.running", "job.succeeded"]


@pytest.mark.parametrize("nasty", ["a\x00b", "\ud800", float("nan"), float("inf"), {"\x00": ["\udfff"]}])
async def test_what_postgres_cannot_keep_is_escaped(nasty: object, life: Life) -> None:
    claim = await life.running()
    [event] = await log.append(life.pool, [Entry(claim.id, 1, [("output", {"data": nasty})])])
    assert [event] == await log.read(life.pool, claim.id, 2, 10)
    assert event.data["data"] is not None


async def test_nobody_writes_a_number_twice(life: Life) -> None:
    claim = await life.running()
    with pytest.raises(asyncpg.UniqueViolationError):
        await life.pool.execute(
            "INSERT INTO events (job_id, seq, attempt, type, data) VALUES ($1, 2, 1, 'stdout', '{}')", claim.id
        )


async def test_reading_goes_on_from_any_number(life: Life) -> None:
    claim = await life.running()
    await life.say(claim, *"abcdef")
    for after in range(9):
        assert [event.seq for event in await log.read(life.pool, claim.id, after, 3)] == list(
            range(after + 1, min(after + 4, 9))
        )
    gone = new_id()
    assert await log.newer(life.pool, {claim.id: 7, gone: 0}) == {claim.id: 8, gone: None}
    assert await log.newer(life.pool, {claim.id: 8}) == {}


async def test_pages_are_bounded_ranges_of_the_index(life: Life, settings: Settings) -> None:
    """Also in a database that was never analysed, by the plan that the API's connections make."""
    claim = await life.running()
    for _ in range(20):
        await life.say(claim, *["x" * 1000] * 20)
    pool = await open_pool(settings, size=2, planning=IN_ORDER_OF_INDEX)
    try:
        plan = await pool.fetch("EXPLAIN (COSTS OFF) " + log._PAGES, [claim.id], [5], 10, 1000)
        lines = [row[0].strip(" ->") for row in plan]
        assert "Index Scan using events_pkey on events" in lines
        assert not [line for line in lines if line.startswith("Sort")]
        found, after, more = [], 0, True
        while more:
            page = (await log.pages(pool, {claim.id: after}, 50, 10_000))[claim.id]
            assert len(page.events) <= 12
            found += page.events
            after, more = page.events[-1].seq, page.more
        assert found == await log.read(pool, claim.id, 0, 1000)
    finally:
        pool.terminate()


async def test_pages_of_many_jobs_come_together(life: Life) -> None:
    claims = [await life.running() for _ in range(3)]
    for claim, count in zip(claims, (0, 3, 9), strict=True):
        await life.say(claim, *"x" * count)
    found = await log.pages(life.pool, {claims[0].id: 2, claims[1].id: 3, claims[2].id: 1, new_id(): 0}, most=5)
    assert {id_: ([event.seq for event in page.events], page.more) for id_, page in found.items()} == {
        claims[1].id: ([4, 5], False),
        claims[2].id: ([2, 3, 4, 5, 6], True),
    }
