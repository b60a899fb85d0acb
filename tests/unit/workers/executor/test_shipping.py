"""The harness as one file: the same for the same sources, another for others, and Python imports from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workers.executor import shipping


def test_the_same_sources_give_the_same_bytes_and_are_packed_once() -> None:
    first = shipping.harness()
    assert shipping.harness() is first
    shipping.harness.cache_clear()
    assert shipping.harness() == first


def test_a_change_of_any_source_changes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set()
    monkeypatch.setattr(shipping, "SOURCE", tmp_path)
    for sources in ({"a.py": "1"}, {"a.py": "2"}, {"b.py": "2"}, {"a.py": "2", "b.py": ""}):
        for old in tmp_path.iterdir():
            old.unlink()
        for name, text in sources.items():
            (tmp_path / name).write_text(text)
        shipping.harness.cache_clear()
        names.add(shipping.harness().module)
    shipping.harness.cache_clear()
    assert len(names) == 4


def test_python_imports_from_it_with_nothing_else_at_hand(tmp_path: Path) -> None:
    sent = shipping.harness()
    (tmp_path / sent.file).write_bytes(sent.content)
    code = f"import sys; sys.path.insert(0, {sent.file!r}); import {sent.module} as m; print(m.run.__module__)"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{sent.module}.running\n"
