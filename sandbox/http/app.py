"""The routes: AWS's data plane for code interpreters, and `/healthz`.

Every data-plane route is behind the doorkeeper, and every error a client sees is one of AWS's model.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.http import tools
from sandbox.http.run_response import SESSION_HEADER
from sandbox.http.security import Doorkeeper, HostRule
from sandbox.sessions.supervisor import Record, Supervisor
from sandbox.wire.errors import InternalServerException, ServiceError, ValidationException
from sandbox.wire.models import InvokeTool, ListSessions, StartSession, parse

log = logging.getLogger("sandbox")

Handler = Callable[[Request, bytes], Awaitable[tools.AnyResponse]]


class SignedRoute:
    """An ASGI endpoint: admit the request, handle it, and give errors AWS's shape."""

    def __init__(self, doorkeeper: Doorkeeper, handler: Handler) -> None:
        self._doorkeeper = doorkeeper
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response: tools.AnyResponse
        try:
            response = await self._handler(request, await self._doorkeeper.admit(request))
        except ServiceError as error:
            response = error_response(error)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a request failed")
            response = error_response(InternalServerException("The server met a fault; it is in its log."))
        await response(scope, receive, send)


def error_response(error: ServiceError) -> Response:
    """An error as botocore reads it."""
    return JSONResponse(error.body(), error.status, headers={"x-amzn-errortype": error.kind})


class Routes:
    """The handlers, over one supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def start(self, request: Request, body: bytes) -> Response:
        """PUT sessions/start."""
        wanted = parse(StartSession, body)
        if wanted.certificates or wanted.filesystem_configurations:
            raise ValidationException("Certificates and file systems are not offered here.")
        record = await self._supervisor.start_session(
            _identifier(request), wanted.name, wanted.session_timeout_seconds, wanted.client_token
        )
        return JSONResponse(_names(record) | {"createdAt": _time(record.created_at)})

    async def stop(self, request: Request, _body: bytes) -> Response:
        """PUT sessions/stop."""
        record = await self._supervisor.stop_session(_identifier(request), _session_id(request))
        return JSONResponse(_names(record) | {"lastUpdatedAt": _time(record.updated_at)})

    async def get(self, request: Request, _body: bytes) -> Response:
        """GET sessions/get."""
        record = self._supervisor.find(_identifier(request), _session_id(request))
        more = {
            "createdAt": _time(record.created_at),
            "sessionTimeoutSeconds": record.timeout_seconds,
            "status": record.status,
        }
        return JSONResponse(_names(record) | _named(record) | more)

    async def list(self, request: Request, body: bytes) -> Response:
        """POST sessions/list. The next token is the number of sessions shown so far."""
        wanted = parse(ListSessions, body)
        records = self._supervisor.records(_identifier(request), wanted.status)
        token = wanted.next_token or "0"
        if not token.isdecimal():
            raise ValidationException("nextToken is not one of this server's.")
        first = int(token)
        page = records[first : first + wanted.max_results]
        items = [_names(record) | _named(record) | _summary(record) for record in page]
        answer: dict[str, Any] = {"items": items}
        if first + len(page) < len(records):
            answer["nextToken"] = str(first + len(page))
        return JSONResponse(answer)

    async def invoke(self, request: Request, body: bytes) -> tools.AnyResponse:
        """POST tools/invoke."""
        session_id = request.headers.get(SESSION_HEADER)
        if session_id is None:
            raise ValidationException(f"The header {SESSION_HEADER} is missing: start a session first.")
        session = self._supervisor.find_live(_identifier(request), session_id)
        call = await asyncio.to_thread(parse, InvokeTool, body)
        return await tools.invoke(session, call, request)


def _identifier(request: Request) -> str:
    return str(request.path_params["identifier"])


def _session_id(request: Request) -> str:
    session_id = request.query_params.get("sessionId")
    if not session_id:
        raise ValidationException("sessionId is missing.", fields={"sessionId": "must be given"})
    return session_id


def _names(record: Record) -> dict[str, Any]:
    return {"codeInterpreterIdentifier": record.identifier, "sessionId": record.session_id}


def _named(record: Record) -> dict[str, Any]:
    return {} if record.name is None else {"name": record.name}


def _summary(record: Record) -> dict[str, Any]:
    return {
        "status": record.status,
        "createdAt": _time(record.created_at),
        "lastUpdatedAt": _time(record.updated_at),
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_app(supervisor: Supervisor, doorkeeper: Doorkeeper, hosts: HostRule) -> Starlette:
    """The application; the supervisor starts and ends with it."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await supervisor.start()
        try:
            yield
        finally:
            await supervisor.close()

    async def healthz(request: Request) -> Response:
        try:
            hosts.check(request)
        except ServiceError as error:
            return error_response(error)
        verdict = supervisor.verdict
        return JSONResponse(
            {
                "status": verdict.status,
                "tier": verdict.tier,
                "processors": verdict.processors if verdict.tier else None,
                "reason": verdict.reason,
                "remedy": verdict.remedy,
                "sessions": supervisor.alive,
            }
        )

    routes = Routes(supervisor)
    base = "/code-interpreters/{identifier}"
    signed: list[tuple[str, str, Handler]] = [
        ("PUT", "/sessions/start", routes.start),
        ("PUT", "/sessions/stop", routes.stop),
        ("GET", "/sessions/get", routes.get),
        ("POST", "/sessions/list", routes.list),
        ("POST", "/tools/invoke", routes.invoke),
    ]
    return Starlette(
        routes=[
            Route("/healthz", healthz, methods=["GET"]),
            *(
                Route(base + path, SignedRoute(doorkeeper, handler), methods=[method])
                for method, path, handler in signed
            ),
        ],
        lifespan=lifespan,
    )
