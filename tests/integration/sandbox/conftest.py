"""One sandbox server for all tests that leave it whole, and servers of their own for the others."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ground import KINDS, Ground
from sandbox_server import Server, Session, ask_for_live_output, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests that leave it whole."""
    with running() as started:
        yield started


@pytest.fixture
def new_server() -> Iterator[Callable[..., Server]]:
    """Servers of a test's own, which have no session ready before one is asked for."""
    with contextlib.ExitStack() as started:
        yield lambda **settings: started.enter_context(running(**{"SANDBOX_WARM_SESSIONS": "0", **settings}))


@pytest.fixture
def new_process() -> Iterator[Callable[..., Server]]:
    """The same, each started as `python -m sandbox` is."""
    with contextlib.ExitStack() as started:
        yield lambda **settings: started.enter_context(
            running(Server.start, **{"SANDBOX_WARM_SESSIONS": "0", **settings})
        )


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
