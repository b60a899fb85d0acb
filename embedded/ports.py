"""Ports that nobody listens on. Between the look and the use another may take one, unless it is held."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from embedded.addresses import HOST
from embedded.errors import StartFailed


def free_port(preferred: int = 0) -> int:
    """The preferred port of 127.0.0.1 if nobody listens there, else one that the kernel picks."""
    for candidate in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartFailed("This machine has no free TCP port left on 127.0.0.1.")


@contextlib.contextmanager
def held_port(preferred: int) -> Iterator[int]:
    """The same, and nobody else who asks in this way is given it meanwhile; a server with SO_REUSEADDR can take it.

    Two that start at the same moment would else both find the preferred one free. On Linux a port that is bound and not
    listened on is shared by those who all say so (socket(7)); here that is said after the bind, which is so refused.
    """
    with socket.socket() as held:
        try:
            held.bind((HOST, preferred))
        except OSError:
            held.bind((HOST, 0))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield int(held.getsockname()[1])
