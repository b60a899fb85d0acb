"""Server-sent events (WHATWG HTML, 9.2): numbered, resumable, and closed after the last one."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent

RETRY_MS = 2000
PING_S = 15
SEND_TIMEOUT_S = 30
"""A client that takes nothing for so long is cut off; it comes back with the number it has."""


def event_stream(events: AsyncGenerator[dict[str, Any]], what: str) -> EventSourceResponse:
    """The answer that streams these events."""

    async def frames() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(comment=f"events of {what}", retry=RETRY_MS)
        async with aclosing(events):
            async for event in events:
                yield ServerSentEvent(
                    json.dumps(event, ensure_ascii=False, separators=(",", ":")),
                    event=event["type"],
                    id=str(event["seq"]),
                )

    return EventSourceResponse(
        frames(),
        ping=PING_S,
        send_timeout=SEND_TIMEOUT_S,
        sep="\n",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
