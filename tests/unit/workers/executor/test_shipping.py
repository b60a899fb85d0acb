"""The harness as one file: the same for the same sources, another for others, and Python imports from it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workers.executor import shipping


def test_the_same_sources_have_the_same_name_and_are_packed_once() -> None:
    first = shipping.harness()
    assert shipping.harness() is first
    shipping.harness.cache_clear()
    assert shipping.harness().module == first.module


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


def imported(content: bytes, folder: Path) -> str:
    """From which file a Python that has nothing else at hand takes the code of the harness."""
    sent = shipping.harness()
    (folder / sent.file).write_bytes(content)
    code = (
        f"import sys; sys.path.insert(0, {sent.file!r}); import {sent.module} as m; print(m.run.__code__.co_filename)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_python_imports_what_was_compiled_and_else_the_source(tmp_path: Path) -> None:
    sent = shipping.harness()
    assert imported(sent.content, tmp_path) == f"{sent.module}/running.py"
    foreign = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sent.content)) as archive, zipfile.ZipFile(foreign, "w") as other:
        for name in archive.namelist():  # as another version of Python sees it: its number is not the one it knows
            content = archive.read(name)
            other.writestr(name, b"\0\0\r\n" + content[4:] if name.endswith(".pyc") else content)
    assert imported(foreign.getvalue(), tmp_path) == f"{sent.file}/{sent.module}/running.py"
