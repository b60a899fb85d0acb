"""Ids have one text each, and sort by the time they were made."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import ALPHABET, Prefix, decode, encode, new_id

ZERO = "0" * 26
PREFIXES = st.sampled_from(list(Prefix))


@given(PREFIXES, st.uuids())
def test_what_was_encoded_is_decoded(prefix: Prefix, value: UUID) -> None:
    text = encode(prefix, value)
    assert decode(prefix, text) == value
    assert len(text) == len(prefix) + 27


@given(st.uuids(), st.uuids())
def test_texts_sort_as_ids_do(one: UUID, other: UUID) -> None:
    assert (one < other) == (encode(Prefix.JOB, one) < encode(Prefix.JOB, other))


@given(st.text(alphabet=ALPHABET + "ilou_AZ-", min_size=20, max_size=30))
def test_an_id_has_one_text_only(body: str) -> None:
    text = f"job_{body}"
    try:
        value = decode(Prefix.JOB, text)
    except ValueError:
        return
    assert encode(Prefix.JOB, value) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job",
        "job_",
        ZERO,
        f"ses_{ZERO}",
        f"JOB_{ZERO}",
        f"job_{ZERO[1:]}",
        f"job_{ZERO}0",
        f"job_8{ZERO[1:]}",
        f"job_{ZERO[1:]}u",
        f"job_{ZERO[1:]}A",
        f"job_{ZERO[1:]}٣",
        f"job_ {ZERO[1:]}",
        f"job-{ZERO}",
        f"job__{ZERO[1:]}",
        f"job_{ZERO}\n",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decode(Prefix.JOB, text)


def test_later_ids_sort_after_earlier_ones() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {value.version for value in ids} == {7}
