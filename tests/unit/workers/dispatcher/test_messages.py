"""How many picks share a message: what a message costs, against who could have had them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.dispatcher.messages import MOST_PICKS, picks_a_message


@pytest.mark.parametrize(
    ("waiting", "workers", "picks"),
    [(1, 1, 1), (3, 4, 1), (4, 4, 1), (8, 4, 2), (11, 1, 11), (16, 1, 16), (17, 1, 9), (24, 1, 12), (64, 1, 16)],
)
def test_picks_share_a_message_once_there_are_more_of_them_than_workers(waiting: int, workers: int, picks: int) -> None:
    assert picks_a_message(waiting, workers) == picks


@given(waiting=st.integers(1, 500), workers=st.integers(0, 50))
def test_no_worker_gets_more_than_its_share_in_one_message(waiting: int, workers: int) -> None:
    picks = picks_a_message(waiting, workers)
    assert 1 <= picks <= min(MOST_PICKS, max(1, waiting // max(workers, 1)))
