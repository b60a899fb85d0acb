"""Runs a double in a thread of the test's process, on a free port of the loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


@contextmanager
def serving(app: FastAPI, before_end: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The address, until the block ends. `before_end` lets go what holds an answer back."""
    listener = socket.create_server(("127.0.0.1", 0))
    started = threading.Event()
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    startup = server.startup

    async def announced(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = announced  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        if not started.wait(20):
            raise RuntimeError("the double did not start")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        before_end()
        server.should_exit = True
        thread.join(20)
        listener.close()
