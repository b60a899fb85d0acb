"""The limits themselves, and how those of the service, of a tenant and of a key go together.

A tenant has the service's defaults, save where it has a word of its own. A key can only be held tighter than its
tenant: what both say is checked against both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.settings import Settings

Number = int | float


class Limits(BaseModel):
    """Null is unlimited. A field that is left out says nothing: then the next wider limit holds alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)

    requests_per_minute: int | None = Field(
        None, ge=1, le=1_000_000, description="Requests a minute; a minute's worth may come at once"
    )
    running_jobs: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Jobs under way at once, over all agents. For a key: its queued and running jobs together",
    )
    queued_jobs: int | None = Field(None, ge=0, le=100_000_000, description="Jobs that wait")
    batch_lines: int | None = Field(None, ge=0, le=100_000_000, description="Lines of one batch")
    storage_bytes: int | None = Field(
        None, ge=0, le=2**60, description="Bytes of the tenant's files and figures. For a key: it adds none beyond"
    )
    tokens_per_day: int | None = Field(
        None, ge=0, le=2**53, description="Tokens of language models, in and out, in a day (UTC)"
    )
    cost_per_day_usd: float | None = Field(
        None, ge=0, le=1e9, allow_inf_nan=False, description="What they cost in a day (UTC), in USD"
    )

    NAMES: ClassVar[tuple[str, ...]]

    @classmethod
    def of_service(cls, settings: Settings) -> Limits:
        """The service's defaults, which every tenant has that says nothing else."""
        return cls(**{name: getattr(settings, f"limit_{name}") for name in cls.NAMES})

    @classmethod
    def stored(cls, value: dict[str, Any] | None) -> Limits:
        """From the database. A field that an older or newer version wrote and this one does not know is left out."""
        return cls(**{name: value[name] for name in cls.NAMES if name in value}) if value else NONE

    def to_store(self) -> dict[str, Any]:
        """For the database: only what was said."""
        return self.model_dump(exclude_unset=True)

    def over(self, wider: Limits) -> Limits:
        """What holds for a tenant that says this, where the service says `wider`."""
        return Limits(**{**wider.model_dump(), **self.to_store()})

    def within(self, wider: Limits) -> Limits:
        """The tighter of both, field by field: what holds for a key that says this."""
        return Limits(**{name: tightest(getattr(self, name), getattr(wider, name)) for name in self.NAMES})


Limits.NAMES = tuple(Limits.model_fields)
NONE = Limits()
"""Says nothing."""


def tightest(*given: Number | None) -> Number | None:
    """The smallest of those that limit at all."""
    return min((one for one in given if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class Policy:
    """A number of requests a minute, and the bucket that it is counted in."""

    name: str
    """As clients read it in `RateLimit`: `tenant` or `key`."""
    bucket: str
    quota: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """All that one principal is held to. Made once and kept, since every request reads it."""

    tenant_id: UUID
    tenant: Limits
    """With the service's defaults."""
    key_id: UUID | None = None
    key: Limits = NONE
    """What was said of the key alone."""
    policies: tuple[Policy, ...] = ()
    limits_jobs: bool = False
    """Something has to be counted before a job is taken."""
    limits_spending: bool = False
    """Something has to be added up before a model is asked."""
    storage_bytes: int | None = None
    """The tighter of both."""

    @classmethod
    def of(cls, tenant_id: UUID, tenant: Limits, key_id: UUID | None = None, key: Limits = NONE) -> Allowance:
        """`tenant` has the service's defaults in it already."""
        both = (tenant, key)
        return cls(
            tenant_id,
            tenant,
            key_id,
            key,
            policies=tuple(_policies(tenant_id, tenant, key_id, key)),
            limits_jobs=any(one.queued_jobs is not None for one in both) or key.running_jobs is not None,
            limits_spending=any(one.tokens_per_day is not None or one.cost_per_day_usd is not None for one in both),
            storage_bytes=key.within(tenant).storage_bytes,
        )

    @property
    def effective(self) -> Limits:
        """The tighter of both, as it is shown."""
        return self.key.within(self.tenant)


def _policies(tenant_id: UUID, tenant: Limits, key_id: UUID | None, key: Limits) -> Iterator[Policy]:
    # The quota is part of a bucket's name: who is given another limit begins anew.
    if (quota := tenant.requests_per_minute) is not None:
        yield Policy("tenant", f"aci:rate:tenant:{tenant_id}:{quota}", quota)
    if key_id is not None and (quota := key.requests_per_minute) is not None:
        yield Policy("key", f"aci:rate:key:{key_id}:{quota}", quota)
