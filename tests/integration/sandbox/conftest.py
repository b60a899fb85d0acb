"""One sandbox server for all tests that leave it whole, and servers of their own for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ground import KINDS, Ground
from sandbox_server import Server, Session, ask_for_live_output, require_confinement


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests that leave it whole."""
    started = Server.start()
    try:
        require_confinement(started)
        yield started
    finally:
        started.stop()


@pytest.fixture
def new_server() -> Iterator[Callable[..., Server]]:
    """Servers of a test's own, without data packages: they start in half the time."""
    started: list[Server] = []

    def start(**settings: str) -> Server:
        server = Server.start(**{"SANDBOX_PRELOAD": "false", **settings})
        started.append(server)
        require_confinement(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture
def client(server: Server) -> Any:
    return server.client()


@pytest.fixture
def live_client(server: Server) -> Any:
    """A client that asks for output as it comes."""
    client = server.client()
    ask_for_live_output(client)
    return client


@pytest.fixture
def session(client: Any) -> Iterator[Session]:
    started = Session.start(client)
    yield started
    started.stop()


@pytest.fixture
def live_session(live_client: Any) -> Iterator[Session]:
    started = Session.start(live_client)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def grounds() -> Iterator[dict[str, Ground]]:
    """Those that tests have asked for, by kind."""
    opened: dict[str, Ground] = {}
    yield opened
    for ground in opened.values():
        ground.server.stop()


@pytest.fixture(params=KINDS)
def ground(request: pytest.FixtureRequest, grounds: dict[str, Ground]) -> Ground:
    """A server of each kind, for attacks."""
    if request.param not in grounds:
        grounds[request.param] = Ground.open(request.param)
    return grounds[request.param]


@pytest.fixture
def attacker(ground: Ground) -> Iterator[Session]:
    """A session for one attack; afterwards everything else must be as it was."""
    session = ground.attacker()
    yield session
    ground.check(session)
