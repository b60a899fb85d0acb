"""What the service answers, as far as commands read it. Checked by nobody here: the service holds itself to it."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Limits(TypedDict):
    """How much; null is unlimited."""

    requests_per_minute: int | None
    running_jobs: int | None
    queued_jobs: int | None
    batch_lines: int | None
    storage_bytes: int | None
    tokens_per_day: int | None
    cost_per_day_usd: float | None


class LimitsShown(TypedDict):
    """As they are said, and as they hold."""

    said: dict[str, int | float | None]
    effective: Limits


class Named(TypedDict):
    """Something with an id and a name."""

    id: str
    name: str


class Used(TypedDict):
    """What the tenant has used of its limits."""

    tokens_today: int
    cost_today_usd: float
    storage_bytes: int


class Me(TypedDict):
    """Who asks."""

    auth: Literal["none", "keys"]
    tenant: Named
    subject: str
    scopes: list[str]
    key: dict[str, Any] | None
    limits: Limits
    used: Used


class Tenant(Named):
    """A tenant."""

    weight: int
    suspended: bool
    created_at: str


class Key(Named):
    """A key, without itself."""

    tenant_id: str
    hint: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    rotated_from: str | None


class NewKey(Key):
    """A key that was just made."""

    secret: str


class Act(TypedDict):
    """What an admin did."""

    id: str
    at: str
    tenant_id: str
    subject: str
    action: str
    target: str
    detail: dict[str, Any]
    request_id: str


class AgentDay(TypedDict):
    """What an agent's jobs used on one day."""

    day: str
    agent: str
    jobs: int
    run_s: float
    input_tokens: int
    output_tokens: int
    cost_usd: float


class Part(TypedDict):
    """A part of the service."""

    status: Literal["ok", "degraded", "away"]
    detail: str


class Readiness(TypedDict):
    """Whether work can be done."""

    status: Literal["ready", "degraded", "unready"]
    parts: dict[str, Part]


class Agent(TypedDict):
    """An agent and who serves it."""

    name: str
    workers: int
    slots: int
