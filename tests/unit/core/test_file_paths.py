"""A file's name leads into the session's folder and nowhere else."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.files.paths import LONGEST_NAME, LONGEST_PATH, RESERVED, checked_path


@pytest.mark.parametrize(
    "path", ["a", "a.csv", "a/b/c.txt", "ä ö.txt", ".hidden", "..a", "a..", "...", "x" * 200, ".acid/x"]
)
def test_a_plain_path_stays_as_it_is(path: str) -> None:
    assert checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "../a",
        "a/..",
        "a/../b",
        ".",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "..\\a",
        "a\x00b",
        "a\nb",
        "a\x1b[0m",
        "a\x7f",
        "a\u202eb",
        "a\ud800",
        "x" * (LONGEST_NAME + 1),
        "ä" * 101,
        "a/" * 300 + "a",
        RESERVED,
        f"{RESERVED}/request.json",
    ],
)
def test_any_other_is_refused_and_the_field_named(path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_path(path, "/files/3/path")
    assert refused.value.pointer == "/files/3/path"


@given(st.text(alphabet=st.sampled_from("ab./\\~ \x00ä")) | st.text())
def test_what_is_accepted_stays_inside(path: str) -> None:
    try:
        checked_path(path)
    except InvalidInput:
        return
    joined = posixpath.normpath(posixpath.join("/session", path))
    assert joined == f"/session/{path}"
    assert len(path) <= LONGEST_PATH
