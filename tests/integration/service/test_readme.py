"""The README's path by curl, run as it stands."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from services import Service

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
MARK = "<!-- The test suite runs this block as it stands. -->"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_path_of_the_readme_ends_with_a_figure(service: Service, tmp_path: Path) -> None:
    block = re.search(re.escape(MARK) + r"\n```sh\n(.*?)```", README, re.DOTALL)
    assert block is not None
    script = block[1]
    assert script.startswith("A=http://127.0.0.1:8000\n")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("http://127.0.0.1:8000", service.url, 1)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("event: job.succeeded") == 3
    assert "event: code.delta" in done.stdout
    assert "event: output" in done.stdout
    assert "event: tool.finished" in done.stdout
    assert "class_0: 13.74" in done.stdout.rpartition("event: job.succeeded")[2]
    assert (tmp_path / "figure-1.png").read_bytes().startswith(b"\x89PNG")
