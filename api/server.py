"""The HTTP server: uvicorn, which here also ends streams at a shutdown, and connections whose clients take nothing.

Linux does the latter (TCP_USER_TIMEOUT, tcp(7)): it ends a connection on which what was sent stays unacknowledged, or
what is to be sent finds no room at the other side, for so long. That costs no timer, reaches clients whose machine is
gone as well as those that merely stopped reading, and never one that reads slowly.
"""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from core.settings import Settings

STREAMS_END_S = 5
"""How long requests that are under way may take at a shutdown; streams end at once."""
MESSAGE_BYTES_BEYOND = 64 * 1024
"""What a WebSocket message may have beyond a request's body: the frame around a job."""
PING_S = 20.0
"""A WebSocket is asked for a sign of life so often, and has as long again to give it."""


class Server(uvicorn.Server):
    """Serves the application on one address until it is told to stop."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._app = app
        self._send_timeout_s = settings.send_timeout_s
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=settings.max_request_bytes + MESSAGE_BYTES_BEYOND,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,  # each socket would deflate anew what is spelled once for all
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nothing here asks where a client sits
                timeout_graceful_shutdown=STREAMS_END_S,
            )
        )

    def serve_until_stopped(self) -> None:
        """Listen and serve. SystemExit where the address can't be had."""
        listening = self.config.bind_socket()
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections have it from the socket that they were accepted on
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(self._send_timeout_s * 1000))
        self.run(sockets=[listening])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: uvicorn waits for what is under way, and they would not end by themselves."""
        self._app.state.services.hub.end_streams()
        await super().shutdown(sockets)
