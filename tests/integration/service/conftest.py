"""One service for all tests of this folder; each test that takes a part of it away puts it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from services import Client, Service

from embedded.redis import RedisServer


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service_database(new_database: Any) -> str:
    address: str = await new_database(empty=True)
    return address


@pytest.fixture(scope="session")
def service(
    tmp_path_factory: pytest.TempPathFactory, service_database: str, redis_server: RedisServer
) -> Iterator[Service]:
    """All processes, ready. Leases are short, so that a lost worker is noticed soon; so is patience with a sandbox."""
    started = Service(
        tmp_path_factory.mktemp("service"),
        service_database,
        redis_server.url,
        preload=False,
        ACI_LEASE_S="3",
        ACI_HEARTBEAT_S="0.5",
        ACI_WORKER_DRAIN_S="0.2",
        ACI_SANDBOX_PATIENCE_S="2",
        ACI_UPKEEP_EVERY_S="0.5",
    )
    try:
        started.start()
        yield started
    finally:
        started.shut_down()


@pytest_asyncio.fixture(loop_scope="session")
async def client(service: Service) -> AsyncIterator[Client]:
    made = Client(service.url)
    yield made
    await made.http.aclose()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A test that failed shows what the programs said."""
    report = yield
    service = getattr(item, "funcargs", {}).get("service")
    if report.failed and isinstance(service, Service):
        report.sections.append(("the service's logs", service.logs()))
    return report


@pytest.fixture
def examples() -> Path:
    return Path(__file__).resolve().parents[3] / "examples"
