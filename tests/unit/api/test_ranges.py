"""Ranges of a download, as RFC 9110 (14.1.2) has them, and names that carry nothing into a header."""

from __future__ import annotations

import pytest

from api.downloads import RANGE, _disposition, _span


@pytest.mark.parametrize(
    ("asked", "size", "span"),
    [
        ("bytes=0-", 10, (0, 10)),
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=2-4", 10, (2, 5)),
        ("bytes=9-", 10, (9, 10)),
        ("bytes=9-99", 10, (9, 10)),
        ("bytes=10-", 10, None),
        ("bytes=5-4", 10, None),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-99", 10, (0, 10)),
        ("bytes=-0", 10, None),
        ("bytes=0-", 0, None),
        ("bytes=-5", 0, None),
    ],
)
def test_a_range_names_bytes_or_none(asked: str, size: int, span: tuple[int, int] | None) -> None:
    found = RANGE.match(asked)
    assert found is not None
    assert _span(found[1], found[2], size) == span


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes 0-1", "bytes=0-1x", "bytes=--1"])
def test_what_is_no_single_range_is_not_taken_for_one(asked: str) -> None:
    assert RANGE.match(asked) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.csv", "a.csv"),
        ("folder/a.csv", "a.csv"),
        ('a"; x="b', "a%22%3B%20x%3D%22b"),
        ("ä.csv", "%C3%A4.csv"),
        ("a\r\nSet-Cookie: x", "a%0D%0ASet-Cookie%3A%20x"),
    ],
)
def test_a_name_carries_nothing_into_the_header(name: str, told: str) -> None:
    assert _disposition(name, inline=False) == f"attachment; filename*=UTF-8''{told}"
    assert _disposition(name, inline=True).startswith("inline;")
