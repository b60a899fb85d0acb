"""What tokens cost, as the operator says it (`ACI_MODEL_PRICES`): prices change too often to be known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.usage.used import Used

A_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens."""

    input: float
    output: float


@cache
def prices(entries: tuple[str, ...]) -> Mapping[str, Price]:
    """By the model's name. The settings have looked at the form of the entries already."""
    found = {}
    for entry in entries:
        # From the right, for a model's name may hold anything else.
        model, _, both = entry.rpartition("=")
        found[model.strip()] = Price(*(float(part) for part in both.split("/")))
    return found


def priced(usage: dict[str, Any] | None, entries: tuple[str, ...]) -> dict[str, Any] | None:
    """A job's `usage` with what it cost, where the model has a price and no cost was given."""
    if usage is None or "cost_usd" in usage:
        return usage
    price = prices(entries).get(str(usage.get("model")))
    if price is None:
        return usage
    used = Used.of(usage)
    cost = (used.input_tokens * price.input + used.output_tokens * price.output) / A_MILLION
    return usage | {"cost_usd": round(cost, 9)}
