"""What a topic keeps of its job, whatever comes in which order, and which hints are news."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.hub.feeds import Consumer, JobFeed
from api.hub.topics import ROW_BYTES, Frame, JobTopic
from core.events.news import News, packed, unpacked
from core.sessions.following import Member

JOB = UUID(int=1)


class Log:
    """In place of the hub: a log that grows."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.kept_bytes = 0
        self.filled = 0

    def append(self, count: int = 1, size: int = 1) -> list[Frame]:
        first = len(self.frames) + 1
        new = [Frame(seq, "stdout", b"x" * size) for seq in range(first, first + count)]
        self.frames += new
        return new

    def end(self) -> None:
        self.frames.append(Frame(len(self.frames) + 1, "job.succeeded", b"{}"))

    async def page(self, job_id: UUID, after: int) -> tuple[list[Frame], bool]:
        del job_id
        await asyncio.sleep(0)
        found = self.frames[after : after + 3]
        return found, after + len(found) < len(self.frames)

    async def members(self, session_id: UUID, after: int) -> list[Member]:
        del session_id, after
        return []

    def fill(self, topic: JobTopic) -> None:
        self.filled += 1
        assert topic.last is not None
        topic.extend(self.frames[topic.last :])


def told(frames: list[Frame]) -> News:
    return News(JOB, frames[-1].seq, [(frame.seq, frame.type, frame.line.decode()) for frame in frames])


async def all_of(feed: JobFeed) -> list[int]:
    """What a feed gives while it says that it has something; it must not say so for ever."""
    consumer = feed.owner
    assert isinstance(consumer, Consumer)
    seen: list[int] = []
    for _ in range(2000):
        if not consumer.ready:
            return seen
        consumer.ready.clear()
        seen += [frame.seq for frame in await feed.frames()]
    raise AssertionError("it has nothing, and says that it has something")


@given(
    said=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["told", "lost", "twice", "looked"])), max_size=12),
    joins=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 40)), max_size=4),
)
async def test_every_feed_gives_each_event_once_and_in_order(
    said: list[tuple[int, str]], joins: list[tuple[int, int]]
) -> None:
    """Whatever of it is told, lost, or told twice, and whenever whoever joins after whatever."""
    log = Log()
    log.append()
    topic = JobTopic(log, JOB, queued=False)
    feeds: list[tuple[JobFeed, int, list[int]]] = []

    async def take() -> None:
        for feed, _, seen in feeds:
            seen += await all_of(feed)

    for step, (count, fate) in enumerate(said):
        for at, after in joins:
            if at == step:
                start = min(after, len(log.frames))
                feeds.append((JobFeed(topic, Consumer(), start), start, []))
        new = log.append(count)
        news = [told(new)] * {"lost": 0, "told": 1, "twice": 2, "looked": 0}[fate]
        if fate == "looked":
            news = [News(JOB, 0)]
        for one in unpacked(packed(news)) if news else ():
            topic.told(one)
        if step % 2:
            await take()
    log.end()
    topic.told(next(iter(unpacked(packed([News(JOB, len(log.frames))])))))
    await take()
    for feed, start, seen in feeds:
        assert seen == list(range(start + 1, len(log.frames) + 1))
        assert feed.over


async def test_a_row_has_a_longest_size_and_who_is_behind_reads() -> None:
    log = Log()
    topic = JobTopic(log, JOB, queued=False)
    quick = JobFeed(topic, Consumer(), 0)
    slow = JobFeed(topic, Consumer(), 0)
    await all_of(quick)
    for _ in range(100):
        topic.extend(log.append(10, 1000))
        await all_of(quick)
    assert topic.size <= ROW_BYTES
    assert log.kept_bytes == topic.size
    assert await all_of(slow) == list(range(1, 1001))
    topic.forget_row()
    assert log.kept_bytes == topic.size == 0


async def test_who_reads_ahead_of_what_was_told_waits_for_it() -> None:
    """A reader that is behind comes to events by pages that the topic has not heard of yet."""
    log = Log()
    topic = JobTopic(log, JOB, queued=False)
    quick = JobFeed(topic, Consumer(), 0)
    slow = JobFeed(topic, Consumer(), 0)
    await all_of(quick)
    first = log.append(4)
    topic.extend(first)
    topic.forget_row()
    unheard = log.append(5)
    assert await all_of(slow) == list(range(1, 10))
    topic.extend(unheard)
    assert await all_of(slow) == []
    assert await all_of(quick) == list(range(1, 10))


async def test_those_who_read_the_same_read_once() -> None:
    log = Log()
    log.append(3)
    asked = 0
    page = log.page

    async def counted(job_id: UUID, after: int) -> tuple[list[Frame], bool]:
        nonlocal asked
        asked += 1
        return await page(job_id, after)

    log.page = counted  # type: ignore[method-assign]
    topic = JobTopic(log, JOB, queued=False)
    feeds = [JobFeed(topic, Consumer(), 0) for _ in range(50)]
    found = await asyncio.gather(*(feed.frames() for feed in feeds))
    assert [[frame.seq for frame in frames] for frames in found] == [[1, 2, 3]] * 50
    assert asked == 1


def test_what_many_are_sent_is_spelled_once() -> None:
    topic = JobTopic(Log(), JOB, queued=False)
    frames = [Frame(1, "stdout", b'{"a":1}'), Frame(2, "stdout", b'{"a":2}')]
    body = topic.encoded(frames)
    assert body == b'id: 1\nevent: stdout\ndata: {"a":1}\n\nid: 2\nevent: stdout\ndata: {"a":2}\n\n'
    assert topic.encoded(list(frames)) is body
    assert topic.encoded(frames[1:]) == b'id: 2\nevent: stdout\ndata: {"a":2}\n\n'


@pytest.mark.parametrize(
    ("places", "hints"),
    [
        ([(3, None, 0), (3, None, 1), (3, None, 2)], 1),
        ([(3, None, 0), (2, None, 1), (2, None, 2)], 2),
        ([(3, 30.0, 0), (3, 29.0, 1), (3, 20.0, 10)], 1),  # as the clock said
        ([(3, 30.0, 0), (3, 60.0, 1)], 2),
        ([(3, None, 0), (3, 10.0, 1)], 2),
        ([(0, 0.0, 0), (0, 0.0, 50)], 1),
    ],
)
def test_a_place_is_told_where_it_is_news(places: list[tuple[int, float | None, float]], hints: int) -> None:
    topic = JobTopic(Log(), JOB, queued=True)
    for place in places:
        topic.give_hint(*place)
    assert topic.hint_number == hints
    assert topic.hint is not None
    assert json.loads(topic.hint.line)["position"] == places[-1][0]


def test_a_job_that_runs_has_no_place_any_more() -> None:
    topic = JobTopic(Log(), JOB, queued=True)
    topic.give_hint(1, None, 0)
    topic.extend([Frame(1, "job.queued", b"{}"), Frame(2, "job.running", b"{}")])
    assert (topic.queued, topic.hint) == (False, None)
    topic.extend([Frame(3, "job.retrying", b"{}")])
    assert topic.queued
