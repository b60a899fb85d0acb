"""`/v1/jobs`: submit, look, follow, cancel, retry, delete."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AfterValidator
from starlette.responses import JSONResponse

from api.dependencies import JobId, PageDep, Services, ServicesDep, TenantDep, parsed
from api.downloads import download
from api.idempotency import REPLAYED_HEADER, IdempotencyKey, create_once
from api.jobs.schemas import EventPage, JobCreate, JobPage, JobRequest
from api.streams import event_stream
from core.agents.registry import agents
from core.database.pool import Connection
from core.errors import Conflict
from core.events import log
from core.ids import Prefix, decode, encode
from core.jobs import artifacts, cancel, position, reading, submit
from core.jobs.job import Job, JobView
from core.jobs.states import Lane, State
from core.jobs.submit import Submission

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

LONGEST_WAIT_S = 60
HIGHEST_SEQ = 2**31 - 1
"""No event has a number beyond it."""


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, taken for UTC where it names no zone. Raises ValueError outside the years 1 to 9999."""
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999, in UTC") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
Wait = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT_S, description="Hold the answer until the job ends, at most so long")
]


@router.post("", status_code=202, response_model=JobView)
async def submit_job(
    wanted: JobCreate,
    services: ServicesDep,
    tenant: TenantDep,
    response: Response,
    wait: Wait = 0,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Accept a job. When this answers 202, the job is written down and will be done."""
    request = cast(JobRequest, wanted)
    spec = agents()[wanted.agent]
    submission = Submission(
        tenant_id=tenant,
        agent=spec.name,
        holds=spec.holds,
        input=wanted.input.model_dump(mode="json", exclude_none=True),
        session_id=parsed(Prefix.SESSION, request.session_id, "/session_id"),
        lane=request.lane,
        priority=request.priority,
        max_attempts=request.max_attempts or services.settings.max_attempts,
        deadline_s=request.deadline_s,
        run_at=request.run_at,
        on_busy=request.on_busy,
        metadata=request.metadata,
    )
    asked = None if idempotency_key is None else request.model_dump(mode="json")
    view = await _submitted(services, tenant, response, submission, "POST /v1/jobs", idempotency_key, asked)
    if not wait or REPLAYED_HEADER in response.headers:
        # Built by us and held to its model by tests: checking it again would cost a fifth of the whole submit.
        return JSONResponse(view, 202, response.headers)
    return (await _awaited(services, tenant, decode(Prefix.JOB, view["id"]), wait)).view()


@router.get("", response_model=JobPage)
async def list_jobs(
    services: ServicesDep,
    tenant: TenantDep,
    page: PageDep,
    state: State | None = None,
    agent: str | None = None,
    lane: Lane | None = None,
    session_id: str | None = None,
    created_after: Moment | None = None,
    created_before: Moment | None = None,
) -> Any:
    """Jobs, newest first."""
    wanted = reading.Filter(
        state, agent, lane, parsed(Prefix.SESSION, session_id, "/query/session_id"), created_after, created_before
    )
    before = parsed(Prefix.JOB, page.cursor, "/query/cursor")
    jobs = await reading.page(services.pool, tenant, wanted, page.limit + 1, before)
    more = len(jobs) > page.limit
    items = [job.view() for job in jobs[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["id"] if more else None}


@router.get("/{job_id}", response_model=JobView)
async def get_job(job_id: JobId, services: ServicesDep, tenant: TenantDep, wait: Wait = 0) -> Any:
    """One job, with its result once it has ended."""
    job = await _awaited(services, tenant, job_id, wait)
    place = await position.of(services.pool, job_id) if job.state is State.QUEUED else None
    return job.view() | {"queue": place and {"position": place.position, "eta_s": place.eta_s}}


@router.get(
    "/{job_id}/events",
    response_model=EventPage,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "The events, live; or a page of them as JSON"},
        204: {"description": "The client has seen the last event already"},
    },
)
async def job_events(
    request: Request,
    job_id: JobId,
    services: ServicesDep,
    tenant: TenantDep,
    after: Annotated[int, Query(ge=0, le=HIGHEST_SEQ, description="The number of the last event already seen")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    last_event_id: Annotated[int | None, Header(ge=0, le=HIGHEST_SEQ)] = None,
) -> Any:
    """Everything that happened after `after`, and what happens from now on, up to the end.

    With `Accept: application/json`, a page of what is there now.
    """
    job = await reading.get(services.pool, tenant, job_id)
    if last_event_id is not None:
        after = last_event_id
    if "application/json" in request.headers.get("accept", ""):
        events = await log.read(services.pool, job_id, after, limit + 1)
        items = [event.view() | ({"job": job.view()} if event.terminal else {}) for event in events[:limit]]
        return JSONResponse({"items": items, "next_after": items[-1]["seq"] if len(events) > limit else None})
    if job.state.terminal and after >= job.last_seq:
        return Response(status_code=204)
    return event_stream(services.hub.follow(tenant, job_id, after), encode(Prefix.JOB, job_id))


@router.post("/{job_id}/cancel", status_code=202, response_model=JobView)
async def cancel_job(job_id: JobId, services: ServicesDep, tenant: TenantDep) -> Any:
    """Stop a job: a queued one at once, a running one within about a second. What it made so far is kept."""
    await cancel.cancel(services.pool, tenant, job_id)
    services.doorbell.ring()
    return (await reading.get(services.pool, tenant, job_id)).view()


@router.post("/{job_id}/retry", status_code=202, response_model=JobView)
async def retry_job(
    job_id: JobId,
    services: ServicesDep,
    tenant: TenantDep,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """A new job with the same input."""
    job = await reading.get(services.pool, tenant, job_id)
    if not job.state.terminal:
        raise Conflict(f"The job is {job.state}; only one that has ended can be done again.")
    if job.agent not in agents():
        raise Conflict(f"There is no agent {job.agent!r} any more.")
    submission = Submission(
        tenant_id=tenant,
        agent=job.agent,
        holds=agents()[job.agent].holds,
        input=job.input,
        session_id=job.session_id,
        lane=job.lane,
        priority=job.priority,
        max_attempts=job.max_attempts,
        metadata=job.metadata,
        replayed_from=job.id,
    )
    route = f"POST /v1/jobs/{encode(Prefix.JOB, job_id)}/retry"
    return await _submitted(services, tenant, response, submission, route, idempotency_key, None)


@router.delete("/{job_id}", status_code=204)
async def delete_job(job_id: JobId, services: ServicesDep, tenant: TenantDep) -> None:
    """Remove a job that has ended, its events and its artifacts."""
    await reading.delete(services.pool, tenant, job_id)


@router.get("/{job_id}/artifacts/{name}", response_class=Response)
async def get_artifact(
    request: Request, job_id: JobId, name: str, services: ServicesDep, tenant: TenantDep
) -> Response:
    """The bytes of a figure or file that the job made."""
    artifact = await artifacts.get(services.pool, tenant, job_id, name)
    return download(
        request,
        services.pool,
        artifact.blob_id,
        artifact.size,
        artifact.sha256,
        name=artifact.name,
        mime=artifact.mime,
    )


async def _submitted(
    services: Services,
    tenant: UUID,
    response: Response,
    submission: Submission,
    route: str,
    key: str | None,
    request: Any,
) -> dict[str, Any]:
    """Submit, once for each idempotency key, and wake the dispatcher. Returns the job as it is shown."""
    if key is None:
        view = (await submit.submit(services.pool, submission)).view()
    else:

        async def create(connection: Connection) -> dict[str, Any]:
            return (await submit.submit_in(connection, submission)).view()

        view = await create_once(
            services, tenant, response, route=route, key=key, request=request, status=202, create=create
        )
    services.doorbell.ring()
    response.headers["Location"] = f"/v1/jobs/{view['id']}"
    return view


async def _awaited(services: Services, tenant: UUID, job_id: UUID, wait: float) -> Job:
    """The job, after it ended or `wait` seconds passed."""
    job = await reading.get(services.pool, tenant, job_id)
    if not wait or job.state.terminal:
        return job
    events = services.hub.follow(tenant, job_id, job.last_seq)
    try:
        async with asyncio.timeout(wait):
            async for _ in events:
                pass  # the stream ends with the job
    except TimeoutError:
        pass  # as asked: the job as it is now
    finally:
        await events.aclose()
    return await reading.get(services.pool, tenant, job_id)
