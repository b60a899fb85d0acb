"""API processes, in this one, that share a database and a Redis which tests may freeze."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from limited_api import Api, OpenApi

from api.app import create_app
from core.access import tokens
from core.access.tokens import Kind
from core.settings import Settings
from embedded.redis import RedisServer, running_redis


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis of this module's."""
    with running_redis() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def open_api(
    database: str, own_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OpenApi]:
    """Starts API processes with further settings."""
    key, file = tokens.draw(Kind.KEY), tmp_path_factory.mktemp("key") / "admin"
    file.write_text(key)
    async with AsyncExitStack() as opened:

        async def start(**settings: Any) -> Api:
            app = create_app(
                Settings(
                    DATABASE_URL=database,  # type: ignore[call-arg]
                    REDIS_URL=own_redis.url,  # type: ignore[call-arg]
                    auth="keys",
                    admin_key_file=file,
                    **settings,
                )
            )
            await opened.enter_async_context(app.router.lifespan_context(app))
            return Api(app, key)

        yield start


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(open_api: OpenApi) -> Api:
    return await open_api()
