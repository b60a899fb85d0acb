"""`/v1/agents` and `/v1/models`: what can be asked for, how busy it is, and who answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode

from api.dependencies import ServicesDep
from api.routing import resource
from core.agents.registry import agents, found
from core.agents.spec import AgentSpec
from core.jobs.release import reserved
from core.jobs.states import Lane
from core.workers import repository as workers
from core.workers.repository import Worker

router = resource("/v1", "agents")


class LaneView(BaseModel):
    """How busy an agent is in one lane."""

    queued: int
    running: int
    slots: int = Field(description="Jobs of this lane that its workers can run at the same time")
    oldest_s: float | None = Field(description="Age of the oldest queued job")


class AgentView(BaseModel):
    """An agent, as a client needs it."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    result_schema: dict[str, Any]
    package: str | None = Field(description="The installed package that brings it, with its version; null: built in")
    pool: str = Field(description="The pool of workers that serves it")
    workers: int
    slots: int = Field(description="Jobs that its workers can run at the same time")
    lanes: dict[Lane, LaneView]


class RefusedView(BaseModel):
    """An installed package whose agent can't be used."""

    package: str
    reason: str


class AgentList(BaseModel):
    """All agents."""

    items: list[AgentView]
    refused: list[RefusedView] = Field(description="Packages that were left out, and why")


class ModelError(BaseModel):
    """Why a model could not answer, the last time that it could not."""

    kind: str
    reason: str
    advice: str | None = Field(description="What to do about it")
    at: str


class CandidateView(BaseModel):
    """One model of the chain."""

    model: str
    asked_by: list[str] = Field(description="Agents that have it in their chain")
    state: Literal["closed", "half-open", "open"] = Field(
        description="Of its circuit: `closed`, it is asked in its turn; `open`, it failed, and others are asked first; "
        "`half-open`, the next question tries it"
    )
    last_error: ModelError | None


class ModelView(BaseModel):
    """The models that the workers ask, in order."""

    model: str | None = Field(description="The one asked first; null while no generator runs")
    demo: bool = Field(description="Answers come from a small built-in library, not from a language model")
    detail: str
    chain: list[str]
    models: list[CandidateView] = Field(
        description="The chain, then what other agents have in theirs; each with its circuit as the worst-off process "
        "has it, and with its newest error"
    )


@router.get("/agents", response_model=AgentList)
async def list_agents(services: ServicesDep) -> Any:
    """Every agent with its schemas, its workers and its queues."""
    alive = await workers.alive(services.pool)
    loads = {(load.agent, load.lane): load for load in await workers.load(services.pool)}
    there = found()
    return {
        "items": [
            _agent(spec, there.packages.get(spec.name), [one for one in alive if spec.name in one.agents], loads)
            for spec in agents().values()
        ],
        "refused": [{"package": one.package, "reason": one.reason} for one in there.refused],
    }


def _agent(
    spec: AgentSpec, package: str | None, serving: list[workers.Worker], loads: dict[tuple[str, str], workers.Load]
) -> dict[str, Any]:
    slots = sum(worker.slots for worker in serving)
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.description,
        "input_schema": _schema(spec.input_model, "validation"),
        "result_schema": _schema(spec.result_model, "serialization"),
        "package": package,
        "pool": spec.pool,
        "workers": len(serving),
        "slots": slots,
        "lanes": {
            Lane.INTERACTIVE: _lane(loads.get((spec.name, Lane.INTERACTIVE)), slots),
            Lane.BATCH: _lane(loads.get((spec.name, Lane.BATCH)), slots - reserved(slots)),
        },
    }


@cache
def _schema(model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
    return model.model_json_schema(mode=mode)


def _lane(load: workers.Load | None, slots: int) -> dict[str, Any]:
    if load is None:
        return {"queued": 0, "running": 0, "slots": slots, "oldest_s": None}
    return {"queued": load.queued, "running": load.running, "slots": slots, "oldest_s": load.oldest_s}


@router.get("/models", response_model=ModelView)
async def list_models(services: ServicesDep) -> Any:
    """Who answers: the chain of the generator, as its newest worker has it; then what other agents ask besides."""
    alive = [worker for worker in reversed(await workers.alive(services.pool)) if "model" in worker.info]
    if not alive:
        return {"model": None, "demo": False, "detail": "No generator is running.", "chain": [], "models": []}
    said = next((worker for worker in alive if "generate" in worker.agents), alive[0]).info["model"]
    names = dict.fromkeys(said["chain"])
    for worker in alive:
        names |= dict.fromkeys(worker.info["model"]["chain"])
    return {
        "model": said["model"],
        "demo": said["demo"],
        "detail": said["detail"],
        "chain": said["chain"],
        "models": [_over_processes(name, alive) for name in names],
    }


_WORSE = ("closed", "half-open", "open")


def _over_processes(name: str, alive: Sequence[Worker]) -> dict[str, Any]:
    """A model as all processes together see it: each has circuits of its own."""
    asking = [worker for worker in alive if name in worker.info["model"]["chain"]]
    known = [model for each in asking for model in each.info["model"].get("models", ()) if model["model"] == name]
    errors = [model["last_error"] for model in known if model["last_error"]]
    return {
        "model": name,
        "asked_by": sorted({agent for worker in asking for agent in worker.agents}),
        "state": max((model["state"] for model in known), key=_WORSE.index, default="closed"),
        "last_error": max(errors, key=lambda error: str(error["at"]), default=None),
    }
