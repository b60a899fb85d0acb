"""What tokens cost, as the operator says it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.settings import Settings
from workers.models.prices import priced

PRICES = ("bedrock:us.amazon.nova-pro-v1:0=0.8/3.2", "demo:library = 0 / 0")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"model": "bedrock:us.amazon.nova-pro-v1:0", "input_tokens": 1_000_000, "output_tokens": 500_000}, 2.4),
        ({"model": "bedrock:us.amazon.nova-pro-v1:0", "input_tokens": 1, "output_tokens": 0}, 0.0000008),
        ({"model": "demo:library", "input_tokens": 5, "output_tokens": 5}, 0),
    ],
)
def test_a_model_with_a_price_costs_it(usage: dict[str, Any], cost: float) -> None:
    assert priced(usage, PRICES) == usage | {"cost_usd": cost}


@pytest.mark.parametrize(
    "usage", [None, {"model": "another", "input_tokens": 1, "output_tokens": 1}, {"cost_usd": 7}, {}]
)
def test_what_has_no_price_or_brings_its_own_stays_as_it_is(usage: Any) -> None:
    assert priced(usage, PRICES) == usage


def test_prices_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_MODEL_PRICES", ",".join(PRICES))
    assert Settings().model_prices == PRICES


@pytest.mark.parametrize("wrong", ["m", "m=1", "m=1/", "m=1/x", "=1/2", "m=-1/2", "m=1/2/3", "m=inf/1", "m=nan/1"])
def test_a_price_that_can_not_be_read_keeps_the_service_from_starting(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACI_MODEL_PRICES", wrong)
    with pytest.raises(ValidationError):
        Settings()
