"""`/v1/jobs`: submit, look, follow, cancel, retry, delete."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, TypedDict, cast
from uuid import UUID

from fastapi import Header, Query, Request, Response
from pydantic import AfterValidator, Field

from api.dependencies import JobId, PageDep, Services, ServicesDep, TenantDep, parsed, principal_of, services_of
from api.downloads import download
from api.idempotency import IDEMPOTENCY_KEY, REPLAYED_HEADER, IdempotencyKey, replayed_headers
from api.jobs.schemas import EventPage, JobCreate, JobPage, JobRequest
from api.parameters import Parameter
from api.responses import json_response
from api.routing import DirectRoute, resource
from api.streams import event_stream
from core.agents.registry import agents
from core.agents.spec import AgentSpec
from core.database.pool import Connection
from core.errors import Conflict, Overloaded
from core.events import log
from core.idempotency import Key, once
from core.ids import Prefix, decode, encode
from core.jobs import artifacts, cancel, position, reading, submit
from core.jobs.job import Job, JobView
from core.jobs.states import Lane, OnBusy, State
from core.jobs.submit import Submission
from core.limits.admission import Bounds
from core.limits.model import Allowance

router = resource("/v1/jobs", "jobs")

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
    job = cast(JobRequest, wanted)
    spec = agents()[wanted.agent]
    submission = Submission(
        tenant_id=tenant,
        agent=spec.name,
        holds=spec.holds,
        input=wanted.input.model_dump(mode="json", exclude_none=True),
        session_id=parsed(Prefix.SESSION, job.session_id, "/session_id"),
        lane=job.lane,
        priority=job.priority,
        max_attempts=job.max_attempts or services.settings.max_attempts,
        deadline_s=job.deadline_s,
        run_at=job.run_at,
        on_busy=job.on_busy,
        metadata=job.metadata,
        **_held_to(request, spec),
    )
    asked = None if key is None else job.model_dump(mode="json")
    view, headers = await _submitted(services, submission, "POST /v1/jobs", key, asked)
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
        return json_response({"items": items, "next_after": items[-1]["seq"] if len(events) > limit else None})
    if job.state.terminal and after >= job.last_seq:
        return Response(status_code=204)
    return event_stream(services.hub.follow(tenant, job_id, after), encode(Prefix.JOB, job_id))


@router.post("/{job_id}/cancel", status_code=202, response_model=JobView)
async def cancel_job(job_id: JobId, services: ServicesDep, tenant: TenantDep) -> Any:
    """Stop a job: a queued one at once, a running one within about a second. What it made so far is kept."""
    if await cancel.cancel(services.pool, tenant, job_id) is State.RUNNING:
        services.stop_hints.tell(job_id)
    job = await reading.get(services.pool, tenant, job_id)
    _wake(services, job.agent)
    return job.view()


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
        **_held_to(request, agents()[job.agent]),
    )
    route = f"POST /v1/jobs/{encode(Prefix.JOB, job_id)}/retry"
    view, headers = await _submitted(services, submission, route, idempotency_key, None)
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


def _wake(services: Services, agent: str) -> None:
    """Tell the dispatcher that there may be something to release for the agent's workers."""
    spec = agents().get(agent)
    services.doorbell.ring(spec.pool if spec else "")


class HeldTo(TypedDict):
    """Whose limits a submit is held to, and which of them have to be counted first."""

    key_id: UUID | None
    bounds: Bounds | None


def _held_to(request: Request, spec: AgentSpec) -> HeldTo:
    allowance: Allowance = request.scope["allowance"]
    return {"key_id": allowance.key_id, "bounds": Bounds.of(allowance, asks_models=spec.asks_models)}


async def _submitted(
    services: Services, submission: Submission, route: str, key: str | None, request: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    """Submit, once for each idempotency key, and wake the dispatcher. Returns the job as it is shown, and headers."""
    if services.backlog.full:
        raise Overloaded("More jobs wait than this service takes, of all its users together. Try again in a while.")
    headers: dict[str, str] = {}
    if key is None:
        view = (await submit.submit(services.pool, submission)).view()
    else:

        async def create(connection: Connection) -> dict[str, Any]:
            return (await submit.submit_in(connection, submission)).view()

        answer = await once(services.pool, Key.of(submission.tenant_id, route, key, request), 202, create)
        view, headers = answer.body, replayed_headers(answer)
    if submission.on_busy is OnBusy.INTERRUPT and submission.session_id is not None:
        services.stop_hints.tell(submission.session_id)
    _wake(services, submission.agent)
    headers["Location"] = f"/v1/jobs/{view['id']}"
    return view, headers


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
