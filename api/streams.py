"""Server-sent events (WHATWG HTML, 9.2): numbered, resumable, and closed after the last one.

A stream is the one task of its request: it has no timer, no queue, and no second task. What it sends is spelled once
for all streams that send the same, and whether its client is still there it looks whenever a sign of life is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.hub.feeds import Consumer, JobFeed, SessionFeed
from api.hub.hub import Hub

RETRY_MS = 2000
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
BEAT = b": here\n\n"

Open = Callable[[Consumer], JobFeed | SessionFeed]


class EventStream(Response):
    """The answer that streams a feed. `open_feed` makes it once the answer has begun."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, open_feed: Open, what: str) -> None:
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.body = b""
        self._hub = hub
        self._open = open_feed
        self._what = what
        self.init_headers(HEADERS)

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """As given: a stream has no length."""
        self.raw_headers = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the feed is over, the client has left, or the process is to stop."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with self._hub.consumer() as consumer:
            feed = self._open(consumer)
            try:
                body = f"retry: {RETRY_MS}\n: events of {self._what}\n\n".encode()
                while True:
                    if body:
                        await send({"type": "http.response.body", "body": body, "more_body": True})
                    if feed.over or consumer.over:
                        break
                    body = await _next(consumer, feed, receive)
            finally:
                self._hub.drop(feed)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(consumer: Consumer, feed: JobFeed | SessionFeed, receive: Receive) -> bytes:
    """What is to be sent now; waits until there is something to do."""
    await consumer.wait()
    body = b""
    if consumer.beat:
        consumer.beat = False
        if _has_left(receive):
            consumer.end()
            return b""
        body = BEAT
    if consumer.ready:
        consumer.ready.clear()
        body += await feed.blocks()
    return body


def _has_left(receive: Receive) -> bool:
    """Whether the client is known to be gone, without waiting for more of what it sends, which is nothing."""
    while True:
        received = receive()
        try:
            received.send(None)  # type: ignore[attr-defined]
        except StopIteration as now:
            message: Message = now.value
            if message["type"] == "http.disconnect":
                return True
        else:
            received.close()  # type: ignore[attr-defined]
            return False
