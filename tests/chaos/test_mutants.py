"""The mutants still fit the code; that each is caught is a matter of minutes, and of `make chaos`."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from tests.chaos.mutants import MUTANTS, REPOSITORY, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_takes_out_is_there_once_and_the_rest_is_still_a_program(mutant: Mutant, tmp_path: Path) -> None:
    file = tmp_path / mutant.file
    file.parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / mutant.file, file)
    before = file.read_text()
    mutant.put_into(tmp_path)
    assert file.read_text() != before
    ast.parse(file.read_text())
    for test in mutant.tests:
        assert (REPOSITORY / test).exists()
