"""`/v1/agents` and `/v1/models`: what can be asked for, how busy it is, and who answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.dependencies import ServicesDep
from api.routing import resource
from core.agents.registry import agents
from core.jobs.states import Lane
from core.workers import repository as workers

router = resource("/v1", "agents")


class LaneView(BaseModel):
    """How busy an agent is in one lane."""

    queued: int
    running: int
    oldest_s: float | None = Field(description="Age of the oldest queued job")


class AgentView(BaseModel):
    """An agent, as a client needs it."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    result_schema: dict[str, Any]
    workers: int
    slots: int = Field(description="Jobs that its workers can run at the same time")
    lanes: dict[Lane, LaneView]


class AgentList(BaseModel):
    """All agents."""

    items: list[AgentView]


class ModelView(BaseModel):
    """The models that the workers ask, in order."""

    model: str | None = Field(description="The one asked first; null while no generator runs")
    demo: bool = Field(description="Answers come from a small built-in library, not from a language model")
    detail: str
    chain: list[str]


@router.get("/agents", response_model=AgentList)
async def list_agents(services: ServicesDep) -> Any:
    """Every agent with its schemas, its workers and its queues."""
    alive = await workers.alive(services.pool)
    loads = {(load.agent, load.lane): load for load in await workers.load(services.pool)}
    return {
        "items": [
            {
                "name": spec.name,
                "title": spec.title,
                "description": spec.description,
                "input_schema": spec.input_model.model_json_schema(),
                "result_schema": spec.result_model.model_json_schema(mode="serialization"),
                "workers": sum(spec.name in worker.agents for worker in alive),
                "slots": sum(worker.slots for worker in alive if spec.name in worker.agents),
                "lanes": {lane: _lane(loads.get((spec.name, lane))) for lane in Lane},
            }
            for spec in agents().values()
        ]
    }


def _lane(load: workers.Load | None) -> dict[str, Any]:
    if load is None:
        return {"queued": 0, "running": 0, "oldest_s": None}
    return {"queued": load.queued, "running": load.running, "oldest_s": load.oldest_s}


@router.get("/models", response_model=ModelView)
async def list_models(services: ServicesDep) -> Any:
    """Who answers: the chain of models, as the newest generator has it."""
    for worker in reversed(await workers.alive(services.pool)):
        if "model" in worker.info:
            said = worker.info["model"]
            return {"model": said["model"], "demo": said["demo"], "detail": said["detail"], "chain": said["chain"]}
    return {"model": None, "demo": False, "detail": "No generator is running.", "chain": []}
