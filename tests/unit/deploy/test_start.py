"""The containers' entry point: files become the passwords in addresses, and nothing is guessed where one is missing."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

from core.access import operator

ROOT = Path(__file__).resolve().parents[3]
START = ROOT / "deploy" / "container" / "start.py"


@pytest.fixture(scope="module")
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("aci_start", START)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_password_of_any_characters_arrives_whole(start: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a/b@c:d%e?ü\n")
    made = start.environment_of({"DATABASE_URL": "postgresql://aci@db:5432/aci", "DATABASE_PASSWORD_FILE": str(file)})
    parts = urlsplit(made["DATABASE_URL"])
    assert (parts.username, unquote(parts.password or ""), parts.hostname, parts.port, parts.path) == (
        "aci", "a/b@c:d%e?ü", "db", 5432, "/aci",
    )  # fmt: skip
    assert "DATABASE_PASSWORD_FILE" not in made


def test_redis_needs_no_user(start: ModuleType) -> None:
    assert start.with_password("redis://redis:6379/0", "secret") == "redis://:secret@redis:6379/0"


def test_without_a_file_the_address_stays_as_it_was_given(start: ModuleType) -> None:
    given = {"DATABASE_URL": "postgresql://u:p@elsewhere/aci", "PATH": "/bin"}
    assert start.environment_of(given) == given


def test_a_setting_left_empty_is_as_good_as_none(start: ModuleType) -> None:
    assert start.environment_of({"ACI_MODELS": "", "SANDBOX_DISK_MB": "", "AWS_PROFILE": "", "OTHER": ""}) == {
        "OTHER": ""
    }


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_password_ends_it_with_what_to_do(
    start: ModuleType, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    with pytest.raises(start.Unusable, match=r"deploy/secrets\.sh"):
        start.environment_of({"REDIS_URL": "redis://redis", "REDIS_PASSWORD_FILE": str(file)})


def test_the_sandbox_gets_a_key_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    key = tmp_path / "sandbox_key"
    key.write_text('{"access_key_id": "a", "secret_access_key": "b"}')
    key.chmod(0o444)
    shown = "import os; f = os.environ['SANDBOX_CREDENTIALS_FILE']; print(oct(os.stat(f).st_mode), open(f).read())"
    done = subprocess.run(
        [sys.executable, START, sys.executable, "-c", shown],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "SANDBOX_CREDENTIALS_FILE": str(key)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"0o100600 {key.read_text()}"


def test_secrets_are_drawn_once_in_a_closed_folder_and_the_key_is_one(tmp_path: Path) -> None:

    script, folder = ROOT / "deploy" / "secrets.sh", tmp_path / "secrets"
    first = subprocess.run(["sh", script, folder], capture_output=True, text=True, check=True).stdout
    drawn = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(drawn) == {"postgres_password", "redis_password", "sandbox_key", "admin_key"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert drawn["admin_key"].strip() in first
    assert operator.read_key(folder / "admin_key") == drawn["admin_key"].strip()
    (folder / "redis_password").unlink()
    second = subprocess.run(["sh", script, folder], capture_output=True, text=True, check=True).stdout
    assert drawn["admin_key"].strip() not in second
    kept = {file.name: file.read_text() for file in folder.iterdir()}
    assert {name for name in drawn if kept[name] != drawn[name]} == {"redis_password"}
