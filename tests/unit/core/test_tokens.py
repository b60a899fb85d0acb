"""The form of our own secrets: what is not one is known for that without a look in the database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import tokens
from core.access.tokens import Kind


@pytest.mark.parametrize("kind", Kind)
def test_what_is_drawn_is_well_formed_and_never_the_same(kind: Kind) -> None:
    drawn = {tokens.draw(kind) for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(tokens.well_formed(kind, text) for text in drawn)


def test_a_cookie_is_no_key_and_a_key_no_cookie() -> None:
    assert not tokens.well_formed(Kind.KEY, tokens.draw(Kind.SIGN_IN))
    assert not tokens.well_formed(Kind.SIGN_IN, tokens.draw(Kind.KEY))


@given(st.integers(min_value=0, max_value=51), st.characters())
def test_one_wrong_character_is_noticed(place: int, character: str) -> None:
    key = tokens.draw(Kind.KEY)
    wrong = key[:place] + character + key[place + 1 :]
    assert tokens.well_formed(Kind.KEY, wrong) == (wrong == key)


@given(st.text())
def test_anything_can_be_asked_about(text: str) -> None:
    assert not tokens.well_formed(Kind.KEY, text)
    assert len(tokens.digest(text)) == 32


def test_more_or_less_than_a_key_is_none() -> None:
    key = tokens.draw(Kind.KEY)
    for text in (key[:-1], key + "0", key + "\n", " " + key, key.upper(), key[4:], "", key.replace("0", "٠") + "٠"):
        assert not tokens.well_formed(Kind.KEY, text)


def test_a_hint_leaves_enough_unsaid() -> None:
    key = tokens.draw(Kind.KEY)
    assert key.startswith(tokens.hint(key))
    assert 4 * (len(key) - len(tokens.hint(key)) - 8) >= 128
