"""Prompts have versions: a text that was changed needs a new one."""

from __future__ import annotations

import json

import pytest

from workers.generator.request import PROMPTS
from workers.prompts import UnknownVersion, check, load
from workers.solver import solving


def test_every_prompt_of_the_generator_is_the_newest_of_its_versions():
    assert set(check(PROMPTS)) == {"system", "mend", "too_long"}
    assert load(PROMPTS, "system").version == check(PROMPTS)["system"]


def test_so_is_every_prompt_of_the_solver():
    assert set(check(solving.PROMPTS)) == {"system", "last_turn"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "system.md").write_text("Be good.\n")
    (tmp_path / "versions.json").write_text("{}")
    with pytest.raises(UnknownVersion) as unknown:
        check(tmp_path)
    digest = str(unknown.value).split("append ")[1].split()[0]
    (tmp_path / "versions.json").write_text(json.dumps({"system": [digest]}))
    return tmp_path


def test_a_text_that_was_entered_is_known(folder):
    assert check(folder) == {"system": 1}
    assert load(folder, "system").text == "Be good.\n"


def test_a_changed_text_needs_a_new_version(folder):
    (folder / "system.md").write_text("Be very good.\n")
    with pytest.raises(UnknownVersion, match=r"append [0-9a-f]{64} to 'system'"):
        check(folder)
