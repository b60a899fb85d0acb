"""The built page, a browser, and the whole service for it to talk to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import browser
import httpx
import pytest
import pytest_asyncio
from plugin_site import install_example, path_with
from services import PLAIN, POOLS, Service

from core.access import tokens
from core.access.tokens import Kind
from embedded import page
from embedded.ports import free_port
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
    """The service as `make run` starts it, beside a package with an agent, serving the page; on a Redis of its own,
    since workers of two services at one broker would take each other's messages.
    """
    with running_redis() as redis_server:
        folder = tmp_path_factory.mktemp("page")
        install_example(folder)
        started = Service(folder, page_database, redis_server.url, PYTHONPATH=path_with(folder))
        try:
            started.start((*POOLS, "plugins"))
            yield started
        finally:
            started.shut_down()


@pytest.fixture(scope="module")
def guarded_page(page_service: Service) -> tuple[str, str]:
    """Where one more API of that service has the page, one that asks who is there, and a key to it.

    To ask is an API's own affair: nothing else of a service knows of it.
    """
    port, key, file = free_port(), tokens.draw(Kind.KEY), page_service.folder / "admin-key"
    file.write_text(key)
    asking = {"ACI_AUTH": "keys", "ACI_ADMIN_KEY_FILE": str(file), "ACI_PORT": str(port)}
    page_service.run("guarded-api", "-m", "api", environment=asking)
    address = f"http://127.0.0.1:{port}"
    page_service.wait_until("the API that asks answers", lambda: answers(address))
    return address, key


def answers(address: str) -> bool:
    """Whether an API is there."""
    try:
        return httpx.get(f"{address}/healthz", timeout=10, **PLAIN).is_success
    except httpx.HTTPError:
        return False
