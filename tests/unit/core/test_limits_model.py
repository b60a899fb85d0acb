"""How the limits of the service, a tenant and a key go together."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.ids import new_id
from core.limits.admission import Bounds
from core.limits.model import NONE, Allowance, Limits
from core.settings import Settings

TENANT, KEY = new_id(), new_id()


def test_a_tenant_has_the_services_limits_save_where_it_has_a_word_of_its_own() -> None:
    service = Limits(requests_per_minute=60, queued_jobs=10, storage_bytes=1000)
    said = Limits.stored({"requests_per_minute": None, "queued_jobs": 50})
    holds = said.over(service)
    assert (holds.requests_per_minute, holds.queued_jobs, holds.storage_bytes) == (None, 50, 1000)
    assert said.to_store() == {"requests_per_minute": None, "queued_jobs": 50}


@pytest.mark.parametrize(
    ("tenant", "key", "holds"), [(None, None, None), (5, None, 5), (None, 5, 5), (5, 3, 3), (3, 5, 3), (0, 5, 0)]
)
def test_a_key_is_held_to_the_tighter(tenant: int | None, key: int | None, holds: int | None) -> None:
    assert Limits(queued_jobs=key).within(Limits(queued_jobs=tenant)).queued_jobs == holds
    assert Limits(cost_per_day_usd=key).within(Limits(cost_per_day_usd=tenant)).cost_per_day_usd == holds


def test_the_services_own_come_from_its_settings() -> None:
    limits = Limits.of_service(Settings(limit_queued_jobs=7, limit_cost_per_day_usd=1.5))
    assert (limits.queued_jobs, limits.cost_per_day_usd, limits.requests_per_minute) == (7, 1.5, None)


def test_every_limit_has_a_default_among_the_settings() -> None:
    assert {f"limit_{name}" for name in Limits.NAMES} == {n for n in Settings.model_fields if n.startswith("limit_")}


def test_what_another_version_stored_is_read_as_far_as_it_is_known() -> None:
    assert Limits.stored({"queued_jobs": 1, "unheard_of": 2}).to_store() == {"queued_jobs": 1}
    assert Limits.stored(None) is NONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests_per_minute": 0},
        {"queued_jobs": -1},
        {"queued_jobs": 1.5},
        {"cost_per_day_usd": float("nan")},
        {"cost_per_day_usd": float("inf")},
        {"storage_bytes": 2**63},
        {"unheard_of": 1},
    ],
)
def test_what_is_no_limit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Limits.model_validate(wrong)


def test_who_is_not_limited_is_asked_for_nothing() -> None:
    free = Allowance.of(TENANT, Limits(batch_lines=50_000, running_jobs=3, storage_bytes=5), KEY)
    assert free.policies == ()
    assert Bounds.of(free, asks_models=True) is None


def test_only_agents_that_ask_models_are_held_to_what_models_cost() -> None:
    spender = Allowance.of(TENANT, Limits(tokens_per_day=1), KEY, Limits(cost_per_day_usd=2))
    assert Bounds.of(spender, asks_models=False) is None
    assert Bounds.of(spender, asks_models=True) == Bounds(tokens=1, key_cost=2)


def test_tenant_and_key_have_buckets_of_their_own() -> None:
    both = Allowance.of(TENANT, Limits(requests_per_minute=60), KEY, Limits(requests_per_minute=6))
    assert [(policy.name, policy.quota) for policy in both.policies] == [("tenant", 60), ("key", 6)]
    assert len({policy.bucket for policy in both.policies}) == 2
    signed_in = Allowance.of(TENANT, Limits(requests_per_minute=60), None, Limits(requests_per_minute=6))
    assert [policy.name for policy in signed_in.policies] == ["tenant"]
