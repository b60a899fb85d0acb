"""`/v1/admin/limits`: what is said of the service, of a tenant, of a key. `/v1/usage`: what one's own tenant used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from api.dependencies import ActorDep, AdminDep, KeyId, ServicesDep, TenantDep, TenantId
from api.routing import resource
from core.errors import InvalidInput
from core.limits import repository
from core.limits.model import Limits
from core.usage import repository as usage

router = resource("/v1", "limits")

LONGEST = timedelta(days=366)
USUAL = timedelta(days=30)


class LimitsView(BaseModel):
    """Limits as they are said, and as they hold."""

    said: dict[str, int | float | None] = Field(
        description="What was said of it: null is unlimited, and a name that is missing says nothing"
    )
    effective: Limits = Field(description="What holds: of a tenant with the service's defaults, of a key the tighter")


class AgentDayView(BaseModel):
    """What an agent's jobs used that ended on one day (UTC). Jobs that never ran are not among them."""

    day: date
    agent: str
    jobs: int
    run_s: float
    input_tokens: int
    output_tokens: int
    cost_usd: float = Field(description="As far as the models have prices (`ACI_MODEL_PRICES`)")


class UsageView(BaseModel):
    """Usage from a first to a last day, the newest first. A day or an agent without jobs is left out."""

    first: date
    last: date
    items: list[AgentDayView]


@router.get("/admin/limits", response_model=Limits)
async def service_limits(services: ServicesDep, _: AdminDep) -> Limits:
    """What holds for tenants of which nothing else is said; the service's settings say it."""
    return Limits.of_service(services.settings)


@router.get("/admin/limits/tenants/{tenant_id}", response_model=LimitsView)
async def tenant_limits(tenant_id: TenantId, services: ServicesDep, _: AdminDep) -> Any:
    """A tenant's limits."""
    said = await repository.of_tenant(services.pool, tenant_id)
    return _view(said, said.over(Limits.of_service(services.settings)))


@router.put("/admin/limits/tenants/{tenant_id}", response_model=LimitsView)
async def set_tenant_limits(tenant_id: TenantId, wanted: Limits, services: ServicesDep, actor: ActorDep) -> Any:
    """Say this of a tenant, in place of all that was said before. Holds in every process within seconds."""
    async with services.pool.acquire() as connection, connection.transaction():
        await repository.set_tenant(connection, actor, tenant_id, wanted)
    return await _changed(services, wanted, wanted.over(Limits.of_service(services.settings)))


@router.get("/admin/limits/keys/{key_id}", response_model=LimitsView)
async def key_limits(key_id: KeyId, services: ServicesDep, _: AdminDep) -> Any:
    """A key's limits."""
    tenant_id, said = await repository.of_key(services.pool, key_id)
    return _view(said, said.within(await _of_tenant(services, tenant_id)))


@router.put("/admin/limits/keys/{key_id}", response_model=LimitsView)
async def set_key_limits(key_id: KeyId, wanted: Limits, services: ServicesDep, actor: ActorDep) -> Any:
    """Say this of a key. Its tenant's limits go on holding: a key's can only be tighter."""
    async with services.pool.acquire() as connection, connection.transaction():
        await repository.set_key(connection, actor, key_id, wanted)
        tenant_id, _ = await repository.of_key(connection, key_id)
    return await _changed(services, wanted, wanted.within(await _of_tenant(services, tenant_id)))


@router.get("/usage", response_model=UsageView)
async def get_usage(
    services: ServicesDep,
    tenant: TenantDep,
    first: Annotated[date | None, Query(alias="from", description="First day (UTC); 30 days before the last")] = None,
    last: Annotated[date | None, Query(alias="to", description="Last day (UTC); today")] = None,
) -> Any:
    """Jobs, seconds, tokens and cost by day and agent."""
    last = last or datetime.now(UTC).date()
    first = first if first is not None else date.fromordinal(max(last.toordinal() - USUAL.days, 1))
    if first > last:
        raise InvalidInput("must not be after `to`", "/query/from")
    if last - first > LONGEST:
        raise InvalidInput(f"must not be more than {LONGEST.days} days before `to`", "/query/from")
    days = await usage.by_day_and_agent(services.pool, tenant, first, last)
    return {"first": first, "last": last, "items": [day.view() for day in days]}


def _view(said: Limits, effective: Limits) -> dict[str, Any]:
    return {"said": said.to_store(), "effective": effective}


async def _changed(services: ServicesDep, said: Limits, effective: Limits) -> dict[str, Any]:
    services.limits.forget()
    return _view(said, effective)


async def _of_tenant(services: ServicesDep, tenant_id: UUID) -> Limits:
    return (await repository.of_tenant(services.pool, tenant_id)).over(Limits.of_service(services.settings))
