"""The floor of a stream: a bare ASGI generator on uvicorn, which sends each of its clients what it is told.

`POST /say` with a body gives it to all open streams; `GET /` is a stream.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

_queues: set[asyncio.Queue[bytes]] = set()


async def _generate() -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    _queues.add(queue)
    try:
        yield b": here\n\n"
        while True:
            yield await queue.get()
    finally:
        _queues.discard(queue)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Nothing but the two routes."""
    if scope["type"] != "http":
        return
    if scope["method"] == "POST":
        body = (await receive())["body"]
        for queue in _queues:
            queue.put_nowait(body)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    async for piece in _generate():
        await send({"type": "http.response.body", "body": piece, "more_body": True})


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="error"
    )
