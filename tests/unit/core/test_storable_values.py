"""Whatever an agent says can be kept: what Postgres has no place for becomes a visible escape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events.log import storable

TEXT = st.text(alphabet=st.characters(codec=None))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_every_value_becomes_one_that_postgres_can_keep(value: Any) -> None:
    text = json.dumps(storable(value), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert "\\u0000" not in text.replace("\\\\", "")


@given(JSON)
def test_what_is_storable_stays_as_it_is(value: Any) -> None:
    once = storable(value)
    assert storable(once) == once


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\x00b", "a\\x00b"),
        ("\ud800", "\\ud800"),
        ("ä☃\U0001f600", "ä☃\U0001f600"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (1.5, 1.5),
        (None, None),
        (True, True),
        ((1, "\x00"), [1, "\\x00"]),
        ({"\x00": {"\udfff": [float("inf")]}}, {"\\x00": {"\\udfff": ["inf"]}}),
        ({1: 2}, {"1": 2}),
    ],
)
def test_the_escape_is_visible(value: Any, kept: Any) -> None:
    assert storable(value) == kept
