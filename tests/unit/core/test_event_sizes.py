"""An event has a longest size; what is cut is marked, and can still be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.events.sizes import CUT, LONGEST_EVENT, LONGEST_TEXT, fitting


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "x" * LONGEST_TEXT},
        {"text": "\x01" * LONGEST_TEXT},  # each of them six characters of JSON
        {"traceback": ["x" * 1000] * 100},
        {"data": {"text/plain": "1", "application/json": {"a": [1, None, True, 1.5]}}},
    ],
)
def test_what_fits_is_left_as_it_is(data: dict[str, Any]) -> None:
    assert fitting(data) is data


@pytest.mark.parametrize(
    "data",
    [
        {"value": "x" * (2 * LONGEST_EVENT)},
        {"name": "E", "traceback": ["line"] * 100_000, "line": 3},
        {"data": {"text/html": "<b>" * LONGEST_EVENT, "text/plain": "short"}},
        {"data": {str(number): "x" * 100 for number in range(10_000)}},
        {"deep": [[["x" * 50] * 40] * 40] * 40},
    ],
)
def test_what_does_not_fit_is_cut_and_marked(data: dict[str, Any]) -> None:
    cut = fitting(data)
    assert len(json.dumps(cut)) <= LONGEST_EVENT
    assert cut["truncated"] is True
    assert set(cut) == {*data, "truncated"}


def test_what_is_short_beside_what_is_long_stays_whole() -> None:
    cut = fitting({"data": {"text/html": "<b>" * LONGEST_EVENT, "text/plain": "short"}})
    assert cut["data"]["text/plain"] == "short"
    assert cut["data"]["text/html"].endswith(CUT)
