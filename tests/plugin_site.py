"""A folder of packages, to be put on a service's path: the example of docs/agents.md, as pip installs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from services import REPOSITORY

EXAMPLE = REPOSITORY / "examples" / "plugin"


def install_example(folder: Path) -> None:
    """Install the example into `folder/site`; pip builds beside the source, so from a copy of that."""
    copy = folder / "source"
    for file in [*EXAMPLE.glob("*.toml"), *EXAMPLE.glob("*/*.py")]:
        to = copy / file.relative_to(EXAMPLE)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(file.read_bytes())
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    target = ["--target", str(folder / "site")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *target, str(copy)], check=True)


def path_with(folder: Path) -> str:
    """PYTHONPATH of a service beside which the packages in `folder/site` are installed."""
    return f"{REPOSITORY}:{folder / 'site'}"
