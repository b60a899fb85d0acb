"""Settings come from the environment, as a shell writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import Settings


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_ALLOWED_HOSTS", "a.example, b.example ,,")
    monkeypatch.setenv("ACI_MODELS", "")
    settings = Settings()
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.models == ()


def test_the_conventional_names_have_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@h/d")
    monkeypatch.setenv("REDIS_URL", "redis://:hidden@h")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings = Settings()
    assert settings.database_url.get_secret_value() == "postgresql://u:secret@h/d"
    assert settings.redis_url.get_secret_value() == "redis://:hidden@h"
    assert settings.aws_region == "eu-central-1"
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "secret@" not in shown
        assert "hidden" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [("ACI_PORT", "0"), ("ACI_PORT", "x"), ("ACI_LEASE_S", "1"), ("ACI_WORKER_SLOTS", "0"), ("ACI_MAX_ATTEMPTS", "11")],
)
def test_what_can_not_work_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_every_setting_has_a_line_of_help() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_sandboxes_key_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"access_key_id": "A", "secret_access_key": "S"}))
    credentials = Settings(sandbox_credentials_file=file).sandbox_credentials()
    assert credentials is not None
    assert (credentials.access_key_id, credentials.secret_access_key.get_secret_value()) == ("A", "S")
    assert Settings().sandbox_credentials() is None
    with pytest.raises(OSError):
        Settings(sandbox_credentials_file=tmp_path / "none").sandbox_credentials()


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
