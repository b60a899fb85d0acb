"""What clients may do with jobs, whichever way they ask: submit and stop them, and tell those whom it concerns."""

from __future__ import annotations

from typing import Any, TypedDict, cast
from uuid import UUID

from api.dependencies import Services, parsed
from api.idempotency import replayed_headers
from api.jobs.schemas import JobRequest
from core.agents.registry import agents
from core.agents.spec import AgentSpec
from core.database.pool import Connection, Pool
from core.errors import Overloaded
from core.idempotency import Key, once
from core.ids import Prefix, encode
from core.jobs import cancel, questions, reading, submit
from core.jobs.job import Job
from core.jobs.states import OnBusy, State
from core.jobs.submit import Submission
from core.limits.admission import Bounds
from core.limits.model import Allowance


class HeldTo(TypedDict):
    """Whose limits a submit is held to, and which of them have to be counted first."""

    key_id: UUID | None
    bounds: Bounds | None


def held_to(allowance: Allowance, spec: AgentSpec) -> HeldTo:
    """What a job of an agent is held to."""
    return {"key_id": allowance.key_id, "bounds": Bounds.of(allowance, asks_models=spec.asks_models)}


async def accept(
    services: Services, allowance: Allowance, wanted: Any, key: str | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Submit what a client wants, a request of `JobCreate`. Returns the job as it is shown, and headers."""
    job = cast(JobRequest, wanted)
    spec = agents()[wanted.agent]
    submission = Submission(
        tenant_id=allowance.tenant_id,
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
        **held_to(allowance, spec),
    )
    asked = None if key is None else job.model_dump(mode="json")
    return await submitted(services, submission, "POST /v1/jobs", key, asked)


async def submitted(
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
    if submission.session_id is not None:
        services.publisher.changed(submission.session_id)
    headers["Location"] = f"/v1/jobs/{view['id']}"
    return view, headers


async def stop(services: Services, tenant: UUID, job_id: UUID) -> Job:
    """Cancel a job. Returns it as it is then. Raises NotFound and Conflict."""
    if await cancel.cancel(services.pool, tenant, job_id) is State.RUNNING:
        services.stop_hints.tell(job_id)
    else:
        services.publisher.moved(job_id, 0)
    job = await reading.get(services.pool, tenant, job_id)
    _wake(services, job.agent)
    return job


async def answer(
    services: Services, tenant: UUID, job_id: UUID, request: str | None, text: str, key: str | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Answer what a job asks. Returns what is told of it, and headers. Raises NotFound and Conflict."""

    async def say(connection: Connection | Pool) -> dict[str, Any]:
        answered = await questions.answer(connection, tenant, job_id, request, text)
        return {"job_id": encode(Prefix.JOB, job_id), "request": answered}

    headers: dict[str, str] = {}
    if key is None:
        view = await say(services.pool)
    else:
        # Known by the question alone: of the answer not even a digest is kept.
        route = f"POST /v1/jobs/{encode(Prefix.JOB, job_id)}/input"
        kept = await once(services.pool, Key.of(tenant, route, key, {"request": request}), 202, say)
        view, headers = kept.body, replayed_headers(kept)
    services.answer_hints.tell(job_id)
    return view, headers


def _wake(services: Services, agent: str) -> None:
    """Tell the dispatcher that there may be something to release for the agent's workers."""
    spec = agents().get(agent)
    services.doorbell.ring(spec.pool if spec else "")
