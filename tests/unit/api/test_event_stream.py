"""A stream sends, shows a sign of life, and ends: with its job, with its client, and with the process."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from api.hub.feeds import JobFeed
from api.hub.hub import Hub
from api.hub.topics import Frame, JobTopic
from api.streams import BEAT, EventStream
from core.settings import Settings

JOB = UUID(int=1)


class Stream:
    """One stream of a job, and the two ends of its connection."""

    def __init__(self) -> None:
        self.hub = Hub(Settings(), None)  # type: ignore[arg-type]
        self.topic = JobTopic(self.hub, JOB, queued=False)
        self.topic.base = self.topic.last = 0
        self.sent: list[dict[str, Any]] = []
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.come({"type": "http.request", "body": b"", "more_body": False})
        answer = EventStream(self.hub, lambda consumer: JobFeed(self.topic, consumer, 0), "a job")
        self.task = asyncio.create_task(answer({"type": "http"}, self._incoming.get, self._send))

    def come(self, message: dict[str, Any]) -> None:
        self._incoming.put_nowait(message)

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    def pulse(self) -> None:
        """As the hub does every fifteen seconds."""
        for consumer in self.hub._consumers:
            consumer.pulse()

    async def bodies(self) -> list[bytes]:
        """What was sent by the time that nothing more is to be."""
        for _ in range(10):
            await asyncio.sleep(0)
        return [message["body"] for message in self.sent[1:]]


@pytest.fixture
async def stream() -> Any:
    made = Stream()
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_it_says_first_when_to_come_back(stream: Stream) -> None:
    assert await stream.bodies() == [b"retry: 2000\n: events of a job\n\n"]
    assert (b"content-type", b"text/event-stream; charset=utf-8") in stream.sent[0]["headers"]


async def test_it_ends_with_the_jobs_last_event(stream: Stream) -> None:
    await stream.bodies()
    stream.topic.extend([Frame(1, "stdout", b"{}"), Frame(2, "job.succeeded", b"{}")])
    assert (await stream.bodies())[1:] == [
        b"id: 1\nevent: stdout\ndata: {}\n\nid: 2\nevent: job.succeeded\ndata: {}\n\n",
        b"",
    ]
    assert stream.sent[-1]["more_body"] is False
    assert stream.task.done()


async def test_it_shows_signs_of_life(stream: Stream) -> None:
    await stream.bodies()
    for count in (1, 2):
        stream.pulse()
        assert (await stream.bodies())[1:] == [BEAT] * count
    assert not stream.task.done()


async def test_it_ends_when_its_client_has_left(stream: Stream) -> None:
    await stream.bodies()
    stream.come({"type": "http.disconnect"})
    stream.pulse()
    await stream.bodies()
    assert stream.task.done()
    assert not stream.topic.feeds
    assert not stream.hub._consumers


async def test_it_ends_properly_when_the_process_is_to_stop(stream: Stream) -> None:
    await stream.bodies()
    stream.hub.end_streams()
    assert (await stream.bodies())[-1] == b""
    assert stream.sent[-1]["more_body"] is False
    assert stream.task.done()
