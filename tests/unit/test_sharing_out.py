"""How the suite is shared out among processes."""

from __future__ import annotations

from pathlib import Path

import pytest
import side_by_side
from side_by_side import unit_of, wanted_workers

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("begin", [*side_by_side.TOGETHER, *side_by_side.APART, *side_by_side.FIRST])
def test_what_is_named_is_there(begin: str) -> None:
    assert (ROOT / begin).exists()


def test_what_shares_a_server_is_one_unit_and_what_shares_nothing_is_many() -> None:
    assert unit_of("tests/integration/service/test_runs.py::test_a[x/y.py::z]") == "tests/integration/service/"
    assert unit_of("tests/unit/core/test_ids.py::test_b") == "tests/unit/core/test_ids.py"
    [file] = side_by_side.APART
    assert unit_of(f"{file}::test_c") != unit_of(f"{file}::test_d")


@pytest.mark.parametrize("arguments", [["tests/unit/core/test_ids.py"], ["tests", "a/test_b.py::test_c[d]"]])
def test_who_names_files_or_tests_gets_them_in_one_process(arguments: list[str]) -> None:
    assert wanted_workers(arguments, "") == 0


def test_who_chooses_by_name_gets_them_in_one_process_and_a_folder_is_shared_out() -> None:
    assert wanted_workers(["tests"], "postgres") == 0
    assert 2 <= wanted_workers(["tests/unit"], "") <= side_by_side.MOST_WORKERS
