"""Who may import whom: the arrows of the design, held by walking every module's syntax tree."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"core", "api", "workers", "sandbox", "embedded", "migrations", "cli", "tests", "benchmarks", "evaluation"}
MAY_IMPORT = {
    "core": set[str](),
    "api": {"core"},
    "workers": {"core"},
    "sandbox": set[str](),
    "migrations": {"core"},
    "embedded": set[str](),
    "cli": set[str](),
    # Looks at the whole from outside, and stands its servers up as the embedded start does.
    # The double of Bedrock serves tests and measurements alike.
    "benchmarks": {"core", "workers", "embedded", "sandbox", "tests"},
    # Asks a service over HTTP; its test of an account of AWS asks the workers' own clients.
    "evaluation": {"core", "workers", "embedded"},
}
INSIDE_THE_SANDBOX = ROOT / "workers" / "executor" / "harness"


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, also under `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if file.parent == INSIDE_THE_SANDBOX:  # it has another name there
                assert node.level == 1 or (node.module or "").partition(".")[0] in sys.stdlib_module_names
            else:
                assert node.level == 0, f"{file} imports relatively"
            yield node.module or ""


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", [name for name in MAY_IMPORT if (ROOT / name).is_dir()])
def test_arrows_point_one_way(package: str) -> None:
    assert modules(package)
    found = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in modules(package)
        for name in imports(file)
        if name.partition(".")[0] in OURS - MAY_IMPORT[package] - {package}
    }
    assert found == set()


def test_every_package_of_ours_has_its_arrows() -> None:
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert packages - {"tests", "benchmarks"} <= set(MAY_IMPORT)


@pytest.mark.parametrize("file", sorted(INSIDE_THE_SANDBOX.glob("*.py")), ids=lambda file: file.name)
def test_what_is_sent_into_the_sandbox_stands_alone(file: Path) -> None:
    """Nothing but the standard library and itself; data packages only where a program has loaded them already."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_the_runner_of_an_agent_is_named_and_not_imported() -> None:
    """The API process knows every agent and loads no code of any, nor Celery, boto3 or a model's client."""
    code = (
        "import json, sys, api.app, core.agents.registry as r; from core.settings import Settings;"
        "api.app.create_app(Settings()); r.agents(); print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"workers", "sandbox", "celery", "boto3", "strands", "bedrock_agentcore"}


def test_sql_is_written_in_core_alone() -> None:
    verbs = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ")
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in ("api", "workers")
        for file in modules(package)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(verbs)
    ]
    assert found == []
