"""`/v1/sessions`: a conversation with its files and its sandbox."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Response

from api.dependencies import PageDep, ServicesDep, SessionId, TenantDep, parsed
from api.hub.vector import LONGEST
from api.idempotency import IdempotencyKey, replayed_headers
from api.resuming import LastEventId, session_start
from api.routing import resource
from api.sessions.schemas import SessionChange, SessionCreate, SessionPage, SessionUsage, SessionView
from api.streams import EventStream
from core.database.pool import Connection
from core.idempotency import Key, once
from core.ids import Prefix, encode
from core.sessions import following, removal
from core.sessions import repository as sessions
from core.usage import repository as usage

router = resource("/v1/sessions", "sessions")


@router.post("", status_code=201, response_model=SessionView)
async def create_session(
    services: ServicesDep,
    tenant: TenantDep,
    response: Response,
    wanted: SessionCreate | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Begin a session."""
    title = wanted.title if wanted else ""
    if idempotency_key is None:
        view = (await sessions.create(services.pool, tenant, title)).view()
    else:

        async def create(connection: Connection) -> dict[str, Any]:
            return (await sessions.create(connection, tenant, title)).view()

        key = Key.of(tenant, "POST /v1/sessions", idempotency_key, {"title": title})
        answer = await once(services.pool, key, 201, create)
        view = answer.body
        response.headers.update(replayed_headers(answer))
    response.headers["Location"] = f"/v1/sessions/{view['id']}"
    return view


@router.get("", response_model=SessionPage)
async def list_sessions(services: ServicesDep, tenant: TenantDep, page: PageDep) -> Any:
    """Sessions, newest first."""
    before = parsed(Prefix.SESSION, page.cursor, "/query/cursor")
    found = await sessions.page(services.pool, tenant, page.limit + 1, before)
    items = [session.view() for session in found[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["id"] if len(found) > page.limit else None}


@router.get("/{session_id}", response_model=SessionView)
async def get_session(session_id: SessionId, services: ServicesDep, tenant: TenantDep) -> Any:
    """One session."""
    return (await sessions.get(services.pool, tenant, session_id)).view()


@router.get("/{session_id}/usage", response_model=SessionUsage)
async def session_usage(session_id: SessionId, services: ServicesDep, tenant: TenantDep) -> Any:
    """Tokens of language models, and their cost, over the session's jobs that have ended."""
    await sessions.get(services.pool, tenant, session_id)
    used = await usage.of_session(services.pool, session_id)
    return {
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cost_usd": float(used.cost_usd),
    }


@router.patch("/{session_id}", response_model=SessionView)
async def rename_session(session_id: SessionId, wanted: SessionChange, services: ServicesDep, tenant: TenantDep) -> Any:
    """Give it another title."""
    session = await sessions.rename(services.pool, tenant, session_id, wanted.title)
    services.publisher.changed(session_id)
    return session.view()


@router.delete("/{session_id}", status_code=204)
async def delete_session(session_id: SessionId, services: ServicesDep, tenant: TenantDep) -> None:
    """Delete a session with its jobs and files. What runs is cancelled, its sandbox stopped; when the last job has
    ended, everything is removed.
    """
    for job_id in await removal.delete(services.pool, tenant, session_id):
        services.stop_hints.tell(job_id)
        services.publisher.moved(job_id, 0)


@router.post("/{session_id}/reset", status_code=202, response_model=SessionView)
async def reset_session(session_id: SessionId, services: ServicesDep, tenant: TenantDep) -> Any:
    """Let the next run begin in a fresh sandbox: files stay, variables go. What runs now runs on."""
    session = await sessions.reset(services.pool, tenant, session_id)
    services.publisher.changed(session_id)
    return session.view()


@router.get(
    "/{session_id}/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "The events of all its jobs, live"}},
)
async def session_events(
    session_id: SessionId,
    services: ServicesDep,
    tenant: TenantDep,
    after: Annotated[
        str | None,
        Query(max_length=LONGEST, description="The `id` of the last event already seen; `now`: only what comes"),
    ] = None,
    last_event_id: LastEventId = None,
) -> Any:
    """Everything that happened in all jobs of the session, and what happens from now on, also in jobs to come.

    An event has an opaque `id` that says how far each job has come; `session.updated` hints that the session is shown
    differently. The stream has no end of its own.
    """
    session = await sessions.get(services.pool, tenant, session_id)
    arrivals = (await following.standing(services.pool, tenant, session_id)).arrivals
    start = await session_start(services.pool, session, arrivals, last_event_id or after)
    hub = services.hub
    return EventStream(
        hub,
        lambda consumer: hub.session_feed(session, arrivals, consumer, start),
        encode(Prefix.SESSION, session_id),
    )
