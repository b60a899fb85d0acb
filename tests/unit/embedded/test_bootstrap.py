"""Stage 0: which Python, which lock, and what is said when an installation fails."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import bootstrap
from embedded.errors import DiskFull, EmbeddedError, FolderNotWritable, InstallFailed

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("output", "kind", "said"),
    [
        ("OSError: [Errno 28] No space left on device", DiskFull, "disk is full"),
        ("error: command 'gcc' failed: No such file or directory", InstallFailed, "no C compiler"),
        ("make: not found", InstallFailed, "no C compiler"),
        ("NewConnectionError: Failed to establish a new connection", InstallFailed, "can't be reached"),
        ("Temporary failure in name resolution", InstallFailed, "can't be reached"),
        ("ERROR: Could not find a version (from versions: none)", InstallFailed, "can't be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", InstallFailed, "its hash differs"),
        ("something else", InstallFailed, "could not be installed"),
    ],
)
def test_a_failed_installation_says_why(output: str, kind: type[EmbeddedError], said: str) -> None:
    error = bootstrap.explain_failure("service", ["before", output])
    assert type(error) is kind
    assert said in str(error)
    assert output in str(error)


def test_shows_only_the_end_of_the_installers_output() -> None:
    text = str(bootstrap.explain_failure("service", [f"line {number}" for number in range(100)]))
    assert "line 99" in text
    assert "line 50" not in text


@pytest.fixture
def environment(tmp_path: Path) -> bootstrap.Environment:
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return bootstrap.Environment(folder)


def test_an_environment_counts_as_built_for_exactly_its_lock(environment: bootstrap.Environment) -> None:
    service = bootstrap.LOCKS["service"]
    assert not environment.has(service)
    environment.stamp(service)
    assert environment.has(service)
    (environment.folder / bootstrap.STAMP).write_text(json.dumps({"service": "of another lock"}))
    assert not environment.has(service)


def test_the_tests_environment_serves_the_service_too(environment: bootstrap.Environment) -> None:
    environment.stamp(bootstrap.LOCKS["dev"])
    assert environment.has(bootstrap.LOCKS["service"])


def test_an_interpreter_that_went_away_makes_the_environment_new(environment: bootstrap.Environment) -> None:
    environment.stamp(bootstrap.LOCKS["service"])
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python3")
    assert not environment.has(bootstrap.LOCKS["service"])
    assert not environment.usable()


def test_an_interrupted_installation_is_done_again(environment: bootstrap.Environment) -> None:
    environment.stamp(bootstrap.LOCKS["service"])
    environment.unstamp()
    assert not environment.has(bootstrap.LOCKS["service"])


def test_nothing_is_downloaded_when_the_disk_is_too_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10_000_000})())
    with pytest.raises(DiskFull, match=r"0\.0 GB are free"):
        bootstrap.check_room([bootstrap.LOCKS["service"]])


def test_a_folder_of_somebody_else_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap.os, "access", lambda path, mode: False)
    with pytest.raises(FolderNotWritable, match="can't write"):
        bootstrap.check_room([bootstrap.LOCKS["service"]])


@pytest.mark.parametrize("module", ["bootstrap.py", "errors.py", "__init__.py"])
def test_stage_0_needs_only_the_standard_library(module: str) -> None:
    tree = ast.parse((ROOT / "embedded" / module).read_text(), feature_version=(3, 7))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names) | {"embedded"}
    assert {name for name in imported if name.startswith("embedded")} <= {"embedded.errors"}


def script(directory: Path, name: str, body: str) -> None:
    file = directory / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def look_for_python(path: Path, python: str = "") -> subprocess.CompletedProcess[str]:
    # The candidates with absolute paths are taken out, so that only what the test put on PATH is found.
    text = (ROOT / "embedded" / "python.sh").read_text()
    text = text.replace("/usr/bin/python3 /usr/local/bin/python3", "")
    return subprocess.run(
        ["/bin/sh", "-c", text, "sh", "-c", "print('ran')"],
        env={"PATH": str(path), "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


def test_passes_over_a_python_that_does_not_start(tmp_path: Path) -> None:
    script(tmp_path, "python3", "exit 126")
    script(tmp_path, "python3.11", f'exec {sys.executable} "$@"')
    assert look_for_python(tmp_path).stdout == "ran\n"


def test_says_when_the_named_python_is_not_fit(tmp_path: Path) -> None:
    script(tmp_path, "old", "exit 3")
    script(tmp_path, "python3", f'exec {sys.executable} "$@"')
    found = look_for_python(tmp_path, python=str(tmp_path / "old"))
    assert found.stdout == "ran\n"
    assert "old is not fit" in found.stderr


def test_takes_the_python_that_was_named(tmp_path: Path) -> None:
    assert look_for_python(tmp_path, python=sys.executable).stdout == "ran\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('[ "$1" = --version ] && echo "Python 3.8.1"; exit 3', "Python 3.8.1"),
        ("exit 4", "python3-venv"),
        ("exit 127", "none was found"),
    ],
)
def test_no_fit_python_is_a_sentence(tmp_path: Path, body: str, said: str) -> None:
    script(tmp_path, "python3", body)
    found = look_for_python(tmp_path)
    assert found.returncode == 1
    assert said in found.stderr
    assert found.stderr.count("\n") == 1


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([A-Za-z0-9][\w.\[\],-]*)==(\S+)", text, re.MULTILINE))


def test_the_tests_run_on_the_very_packages_of_the_service() -> None:
    dev = pins("dev")
    assert {name: dev.get(name) for name in pins("service")} == pins("service")


@pytest.mark.parametrize("name", sorted(bootstrap.LOCKS))
def test_the_locks_say_nothing_about_where_they_were_made(name: str) -> None:
    assert "://" not in (ROOT / "requirements" / f"{name}.txt").read_text()
