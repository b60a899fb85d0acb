"""`/v1/jobs`: submit, look, follow, cancel, retry, delete."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import AfterValidator, Field

from api.dependencies import JobId, PageDep, Services, ServicesDep, TenantDep, parsed, principal_of, services_of
from api.downloads import download
from api.idempotency import IDEMPOTENCY_KEY, REPLAYED_HEADER, IdempotencyKey
from api.jobs.acting import accept, answer, held_to, stop, submitted
from api.jobs.schemas import Answer, Answered, EventPage, JobCreate, JobPage
from api.parameters import Parameter
from api.responses import json_response
from api.resuming import LastEventId, job_start
from api.routing import DirectRoute, resource
from api.streams import EventStream
from core.agents.registry import agents
from core.errors import Conflict
from core.events import log
from core.ids import Prefix, decode, encode
from core.jobs import artifacts, position, reading
from core.jobs.job import Job, JobView
from core.jobs.states import Lane, State
from core.jobs.submit import Submission

router = resource("/v1/jobs", "jobs")

LONGEST_WAIT_S = 60
HIGHEST_SEQ = 2**31 - 1
"""No event has a number beyond it."""
PAGE_BYTES = 4 * 1024 * 1024
"""Of events, in one answer."""


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, taken for UTC where it names no zone. Raises ValueError outside the years 1 to 9999."""
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999, in UTC") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
WAIT_HELP = "Hold the answer until the job ends, at most so many seconds"
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description=WAIT_HELP)]
WAIT = Parameter("query", "wait", Annotated[float, Field(ge=0, le=LONGEST_WAIT_S)], 0.0, WAIT_HELP)


async def submit_job(request: Request, wanted: JobCreate) -> Response:
    """Accept a job. When this answers 202, the job is written down and will be done."""
    services, tenant, wait, key = (
        services_of(request),
        principal_of(request).tenant_id,
        WAIT.read(request),
        IDEMPOTENCY_KEY.read(request),
    )
    view, headers = await accept(services, request.scope["allowance"], wanted, key)
    if wait and REPLAYED_HEADER not in headers:
        view = (await _awaited(services, tenant, decode(Prefix.JOB, view["id"]), wait)).view()
    # Built by us and held to its model by tests: checking it again would cost a fifth of the whole submit.
    return json_response(view, 202, headers)


router.add_api_route(
    "",
    submit_job,
    methods=["POST"],
    status_code=202,
    response_model=JobView,
    openapi_extra={"parameters": [WAIT.described, IDEMPOTENCY_KEY.described]},
    route_class_override=DirectRoute,
)


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
    last_event_id: LastEventId = None,
) -> Any:
    """Everything that happened after `after`, and what happens from now on, up to the end.

    With `Accept: application/json`, a page of what is there now; it may be shorter than `limit` where events are large.
    """
    job = await reading.head(services.pool, tenant, job_id)
    start = job_start(job, after, last_event_id)
    if "application/json" in request.headers.get("accept", ""):
        return await _page(services, job_id, min(start, HIGHEST_SEQ), limit)
    if job.state.terminal and start >= job.last_seq:
        return Response(status_code=204)
    hub = services.hub
    return EventStream(hub, lambda consumer: hub.job_feed(job, consumer, start), encode(Prefix.JOB, job_id))


async def _page(services: Services, job_id: UUID, after: int, limit: int) -> Response:
    page = (await log.pages(services.pool, {job_id: after}, limit, PAGE_BYTES)).get(job_id, log.Page([], more=False))
    ended = await reading.ended(services.pool, [job_id]) if page.events and page.events[-1].terminal else {}
    lines = [event.line(ended[job_id].view() if event.terminal and ended else None) for event in page.events]
    next_after = page.events[-1].seq if page.more else "null"
    body = f'{{"items":[{",".join(lines)}],"next_after":{next_after}}}'
    return Response(body, media_type="application/json")


@router.post("/{job_id}/cancel", status_code=202, response_model=JobView)
async def cancel_job(job_id: JobId, services: ServicesDep, tenant: TenantDep) -> Any:
    """Stop a job: a queued one at once, a running one within about a second. What it made so far is kept."""
    return (await stop(services, tenant, job_id)).view()


@router.post("/{job_id}/input", status_code=202, response_model=Answered)
async def answer_job(
    job_id: JobId,
    wanted: Answer,
    services: ServicesDep,
    tenant: TenantDep,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Answer the question that an `input.requested` event named. The first answer counts; it is deleted when the
    program has it, and is never logged.
    """
    view, headers = await answer(services, tenant, job_id, wanted.request, wanted.text, idempotency_key)
    return json_response(view, 202, headers)


@router.post("/{job_id}/retry", status_code=202, response_model=JobView)
async def retry_job(
    job_id: JobId,
    services: ServicesDep,
    tenant: TenantDep,
    request: Request,
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
        **held_to(request.scope["allowance"], agents()[job.agent]),
    )
    route = f"POST /v1/jobs/{encode(Prefix.JOB, job_id)}/retry"
    view, headers = await submitted(services, submission, route, idempotency_key, None)
    return json_response(view, 202, headers)


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


async def _awaited(services: Services, tenant: UUID, job_id: UUID, wait: float) -> Job:
    """The job, after it ended or `wait` seconds passed."""
    job = await reading.get(services.pool, tenant, job_id)
    if not wait or job.state.terminal:
        return job
    # From where this very look has seen it: by a second one it may have ended, and no event would come any more.
    await services.hub.wait_for_end(job, wait)
    return await reading.get(services.pool, tenant, job_id)
