"""`/healthz`: the process lives. `/readyz`: every part the service stands on, and whether work can be done."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel

from api.dependencies import Services, ServicesDep
from api.routing import resource
from core.agents.registry import found
from core.database.pool import DATABASE_FAULTS
from core.workers import repository as workers
from core.workers.repository import Worker

router = resource("", "health")

LOOK_S = 3.0

Status = Literal["ok", "degraded", "away"]


class Part(BaseModel):
    """One part, and what is to be known of it."""

    status: Status
    detail: str
    tier: str | None = None


class Readiness(BaseModel):
    """`ready`: all is well. `degraded`: jobs are accepted, but some part is away. `unready`: they are not."""

    status: Literal["ready", "degraded", "unready"]
    parts: dict[str, Part]


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readyz(services: ServicesDep, response: Response) -> Any:
    """Each part's state. Only Postgres is needed to accept a job; the rest degrades."""
    alive = await _workers(services)
    if alive is None:
        response.status_code = 503
        return {"status": "unready", "parts": {"postgres": {"status": "away", "detail": "can't be reached"}}}
    redis = services.hub.connected
    parts: dict[str, dict[str, Any]] = {
        "postgres": {"status": "ok", "detail": "connected"},
        "redis": {"status": "ok", "detail": "connected"}
        if redis
        else {"status": "away", "detail": "can't be reached; jobs wait, streams are slower"},
        "model": _model(alive),
        "sandbox": _sandbox(alive),
        "solver": _solver(alive),
    }
    if (plugins := _plugins(alive)) is not None:
        parts["plugins"] = plugins
    well = all(part["status"] == "ok" for part in parts.values())
    return {"status": "ready" if well else "degraded", "parts": parts}


async def _workers(services: Services) -> list[Worker] | None:
    try:
        async with asyncio.timeout(LOOK_S):
            return await workers.alive(services.pool)
    except DATABASE_FAULTS:
        return None


def _newest(alive: list[Worker], agent: str, key: str) -> dict[str, Any] | None:
    """What the newest worker that serves an agent says of itself."""
    told = (worker.info[key] for worker in reversed(alive) if agent in worker.agents and key in worker.info)
    return next(told, None)


def _model(alive: list[Worker]) -> dict[str, Any]:
    said = _newest(alive, "generate", "model")
    if said is None:
        return {"status": "away", "detail": "no generator is running (yet)"}
    return {"status": said.get("status", "ok"), "detail": said["detail"]}


def _sandbox(alive: list[Worker]) -> dict[str, Any]:
    said = _newest(alive, "execute", "sandbox")
    if said is None:
        return {"status": "away", "detail": "no executor is running (yet)"}
    return {"status": "ok" if said["status"] == "ok" else "degraded", "detail": said["detail"], "tier": said["tier"]}


def _solver(alive: list[Worker]) -> dict[str, Any]:
    """Its model and its sandbox are the others' too, and told there."""
    serving = sum("solve" in worker.agents for worker in alive)
    if not serving:
        return {"status": "away", "detail": "no solver is running (yet)"}
    return {"status": "ok", "detail": f"{serving} running"}


def _plugins(alive: list[Worker]) -> dict[str, Any] | None:
    """Agents of installed packages: all have to be fit, and served; None where nothing is installed."""
    there = found()
    if there.refused:
        return {"status": "degraded", "detail": f"refused: {', '.join(one.package for one in there.refused)}"}
    served = {agent for worker in alive for agent in worker.agents}
    if missing := sorted(set(there.packages) - served):
        return {"status": "away", "detail": f"no worker serves {', '.join(missing)} (yet)"}
    return {"status": "ok", "detail": ", ".join(sorted(there.packages))} if there.packages else None
