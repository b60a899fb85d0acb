"""Puts the API together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from fastapi import FastAPI

from api.access.described import describe_credentials
from api.access.endpoints import router as access_router
from api.access.gate import Gate
from api.access.middleware import Authentication, Everybody
from api.admin.endpoints import router as admin_router
from api.agents.endpoints import router as agents_router
from api.dependencies import Services
from api.files.endpoints import router as files_router
from api.guards import Guards
from api.health.endpoints import router as health_router
from api.hub.hub import Hub
from api.jobs.endpoints import router as jobs_router
from api.limits.endpoints import router as limits_router
from api.limits.middleware import HeldToLimits
from api.page import serve_page
from api.problems import answer_with_problems
from api.programs.endpoints import router as programs_router
from api.routing import add_routes
from api.sessions.endpoints import router as sessions_router
from api.sessions.history import router as history_router
from api.ws.endpoints import route as socket_route
from core.access import operator
from core.database.pool import IN_ORDER_OF_INDEX, open_pool
from core.doorbell import Doorbell
from core.events.publisher import Publisher
from core.jobs.hints import AnswerHints, StopHints
from core.limits.backlog import Backlog
from core.limits.book import Book
from core.limits.rate import RateLimiter
from core.settings import Settings

VERSION = "0.1.0"


def create_app(settings: Settings) -> FastAPI:
    """The application; its connections are opened when it starts serving.

    Raises UnusableKey when ACI_ADMIN_KEY_FILE can't serve.
    """
    asked = settings.auth == "keys"
    key = operator.read_key(settings.admin_key_file) if asked and settings.admin_key_file else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(settings, planning=IN_ORDER_OF_INDEX)
        try:
            if key is not None:
                await operator.take_up(pool, key)
            async with AsyncExitStack() as opened:
                hub = await opened.enter_async_context(Hub(settings, pool))
                doorbell = await opened.enter_async_context(Doorbell(settings))
                stop_hints = await opened.enter_async_context(StopHints(settings))
                answer_hints = await opened.enter_async_context(AnswerHints(settings))
                publisher = await opened.enter_async_context(Publisher(settings))
                book = await opened.enter_async_context(aclosing(Book(settings, pool)))
                rates = await opened.enter_async_context(aclosing(RateLimiter(settings)))
                backlog = await opened.enter_async_context(Backlog(settings, pool))
                app.state.services = Services(
                    settings, pool, hub, doorbell, stop_hints, answer_hints, publisher, book, rates, backlog
                )
                app.state.gate = await opened.enter_async_context(Gate(settings, pool)) if asked else None
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
    add_routes(
        app,
        jobs_router,
        sessions_router,
        history_router,
        files_router,
        agents_router,
        programs_router,
        access_router,
        admin_router,
        limits_router,
        health_router,
    )
    app.router.routes.append(socket_route)
    serve_page(app, settings.page_dir)
    describe_credentials(app, asked=asked)
    answer_with_problems(app)
    app.add_middleware(HeldToLimits)
    app.add_middleware(Authentication if asked else Everybody)
    app.add_middleware(Guards, settings=settings)
    return app
