"""What endpoints are given: the process's services, the tenant who asks, and ids parsed from the path.

All of these are coroutines, though none waits: FastAPI runs a plain function in a thread, and a thread for each would
cost a submit more than its insert.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, Field

from api.hub.hub import Hub
from core.access.audit import Actor
from core.access.principal import Principal, Scope
from core.database.pool import Pool
from core.doorbell import Doorbell
from core.errors import Forbidden, InvalidInput, NotFound
from core.events.publisher import Publisher
from core.ids import Prefix, decode
from core.jobs.hints import AnswerHints, StopHints
from core.limits.backlog import Backlog
from core.limits.book import Book
from core.limits.rate import RateLimiter
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Made once a process, when the application starts."""

    settings: Settings
    pool: Pool
    hub: Hub
    doorbell: Doorbell
    stop_hints: StopHints
    answer_hints: AnswerHints
    publisher: Publisher
    limits: Book
    rates: RateLimiter
    backlog: Backlog


def services_of(request: Request) -> Services:
    """The services of the process that serves this request."""
    services: Services = request.app.state.services
    return services


def principal_of(request: Request) -> Principal:
    """Who asks, as the authentication found out."""
    principal: Principal = request.scope["principal"]
    return principal


async def _services(request: Request) -> Services:
    return services_of(request)


async def _principal(request: Request) -> Principal:
    return principal_of(request)


async def _tenant(request: Request) -> UUID:
    """Whose things it is about. Not solved through `_principal`: a dependency of a dependency costs as much again."""
    return principal_of(request).tenant_id


async def _admin(request: Request) -> Principal:
    """Who asks, and is an admin. Raises Forbidden."""
    principal = principal_of(request)
    if Scope.ADMIN not in principal.scopes:
        raise Forbidden("This needs a key or a sign-in with the scope `admin`.")
    return principal


async def _actor(request: Request) -> Actor:
    """An admin who acts, for the audit log. Raises Forbidden."""
    return Actor(await _admin(request), request.scope["request_id"])


ServicesDep = Annotated[Services, Depends(_services)]
PrincipalDep = Annotated[Principal, Depends(_principal)]
TenantDep = Annotated[UUID, Depends(_tenant)]
AdminDep = Annotated[Principal, Depends(_admin)]
ActorDep = Annotated[Actor, Depends(_actor)]


def _from_path(prefix: Prefix, name: str) -> Callable[[str], UUID]:
    def parse(value: str) -> UUID:
        try:
            return decode(prefix, value)
        except ValueError:
            raise NotFound(f"There is no such {name}.") from None

    return parse


async def _job_id(job_id: Annotated[str, Path(examples=["job_01jd0000000000000000000000"])]) -> UUID:
    return _from_path(Prefix.JOB, "job")(job_id)


async def _session_id(session_id: Annotated[str, Path(examples=["ses_01jd0000000000000000000000"])]) -> UUID:
    return _from_path(Prefix.SESSION, "session")(session_id)


async def _tenant_id(tenant_id: Annotated[str, Path(examples=["ten_01jd0000000000000000000000"])]) -> UUID:
    return _from_path(Prefix.TENANT, "tenant")(tenant_id)


async def _key_id(key_id: Annotated[str, Path(examples=["key_01jd0000000000000000000000"])]) -> UUID:
    return _from_path(Prefix.KEY, "key")(key_id)


JobId = Annotated[UUID, Depends(_job_id)]
SessionId = Annotated[UUID, Depends(_session_id)]
TenantId = Annotated[UUID, Depends(_tenant_id)]
KeyId = Annotated[UUID, Depends(_key_id)]


def parsed(prefix: Prefix, value: str | None, pointer: str) -> UUID | None:
    """An id from a body or a query. Raises InvalidInput naming `pointer`."""
    if value is None:
        return None
    try:
        return decode(prefix, value)
    except ValueError as error:
        raise InvalidInput(f"{error}", pointer) from None


class Page(BaseModel):
    """How far to read a list."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, description="`next_cursor` of the page before")


PageDep = Annotated[Page, Query()]
