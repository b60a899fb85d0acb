"""Puts the API together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.access.endpoints import router as access_router
from api.access.key import AccessKey
from api.access.middleware import Authentication
from api.agents.endpoints import router as agents_router
from api.dependencies import Services
from api.files.endpoints import router as files_router
from api.guards import Guards
from api.health.endpoints import router as health_router
from api.hub import Hub
from api.jobs.endpoints import router as jobs_router
from api.page import serve_page
from api.problems import answer_with_problems
from api.routing import add_routes
from api.sessions.endpoints import router as sessions_router
from core.database.pool import open_pool
from core.doorbell import Doorbell
from core.jobs.stop_hints import StopHints
from core.settings import Settings

VERSION = "0.1.0"


def create_app(settings: Settings) -> FastAPI:
    """The application; its connections are opened when it starts serving.

    Raises UnusableKey when a key file is named and can't serve.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(settings)
        try:
            async with Hub(settings, pool) as hub, Doorbell(settings) as doorbell, StopHints(settings) as stop_hints:
                app.state.services = Services(settings, pool, hub, doorbell, stop_hints)
                yield
        finally:
            pool.terminate()

    app = FastAPI(
        title="AgentCore Code Interpreter",
        version=VERSION,
        description="Plain words to Python, run in a sandbox, streamed back live.",
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    add_routes(app, jobs_router, sessions_router, files_router, agents_router, access_router, health_router)
    serve_page(app, settings.page_dir)
    answer_with_problems(app)
    key = None if settings.key_file is None else AccessKey.from_file(settings.key_file)
    app.state.access_key = key
    app.add_middleware(Authentication, key=key)
    app.add_middleware(Guards, settings=settings)
    return app
