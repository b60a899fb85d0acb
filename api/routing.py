"""Routers of resources, how they become part of the application, and a shorter way for a route that is very busy."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from api.problems import Problem

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "Something was wrong (RFC 9457)"}
}


def resource(prefix: str = "", tag: str | None = None) -> APIRouter:
    """A router whose routes answer with problems when something is wrong."""
    return APIRouter(prefix=prefix, tags=[tag] if tag else None, responses=PROBLEMS)


def add_routes(app: FastAPI, *routers: APIRouter) -> None:
    """Make their routes the application's own.

    Not `include_router`: each request to an included router is matched twice, and costs a tenth of a submit more.
    """
    for router in routers:
        app.router.routes.extend(router.routes)


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request and its body, `endpoint(request, wanted)`, and answers with a Response.

    FastAPI looks anew, for every request, at how an endpoint wants to be called, which costs a submit as much as its
    insert. What is so simple is called as it is. A body that is not valid goes FastAPI's way, for its words about it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's hook for this: how a request becomes an answer."""
        solved = super().get_route_handler()
        endpoint = self.endpoint
        body: TypeAdapter[Any] = TypeAdapter(get_type_hints(endpoint, include_extras=True)["wanted"])

        async def direct(request: Request) -> Response:
            try:
                wanted = body.validate_json(await request.body())
            except ValidationError:
                return await solved(request)
            answer: Response = await endpoint(request, wanted)
            return answer

        return direct
