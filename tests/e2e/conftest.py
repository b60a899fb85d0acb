"""The built page, a browser, and the whole service for it to talk to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import browser
import pytest
import pytest_asyncio
from services import Service

from embedded import page
from embedded.redis import running_redis


@pytest.fixture(scope="session")
def built_page() -> None:
    page.build()


@pytest.fixture(scope="session")
def chromium() -> str:
    path = browser.installed()
    if path is None:
        why = "there is no Chromium here, and none could be installed (CHROMIUM=/path/to/it names one)"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(f"NOT TESTED, the page in a browser: {why}")
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def page_database(new_database: Any) -> str:
    address: str = await new_database(empty=True)
    return address


@pytest.fixture(scope="module")
def page_service(built_page: None, tmp_path_factory: pytest.TempPathFactory, page_database: str) -> Iterator[Service]:
    """The service as `make run` starts it, serving the page; on a Redis of its own, since workers of two services at
    one broker would take each other's messages.
    """
    with running_redis() as redis_server:
        started = Service(tmp_path_factory.mktemp("page"), page_database, redis_server.url)
        try:
            started.start()
            yield started
        finally:
            started.shut_down()
