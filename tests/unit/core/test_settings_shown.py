"""Settings are shown to whoever helps out, and nothing secret with them."""

from __future__ import annotations

import pytest

from core.operating.shown import HIDDEN, address, all_settings

SECRETS = ("hunter2", "pa:ss", "pa%40ss")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://aci:hunter2@db:5432/aci", f"postgresql://aci:{HIDDEN}@db:5432/aci"),
        ("postgresql://aci:pa:ss@db/aci", f"postgresql://aci:{HIDDEN}@db/aci"),
        ("postgresql://aci@/aci?host=/run&password=hunter2", "postgresql://aci@/aci?…"),
        ("postgresql:///aci", "postgresql:///aci"),
        ("redis://:hunter2@127.0.0.1:6379/0", f"redis://:{HIDDEN}@127.0.0.1:6379/0"),
        # A password that was not encoded cuts the address where it should not.
        ("postgresql://u:hunt#er2@h/d", HIDDEN),
        ("postgresql://u:12/34@h/d", HIDDEN),
        ("postgresql://u:12?34@h/d", HIDDEN),
        ("redis://:hunter2/x@h:1/0", HIDDEN),
        ("redis://h:port/0", HIDDEN),
        ("hunter2", HIDDEN),
        ("http://[::1", HIDDEN),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert address(url) == shown


def test_every_setting_is_shown_with_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://aci:hunter2@db/aci")
    monkeypatch.setenv("ACI_LIMIT_QUEUED_JOBS", "5")
    monkeypatch.setenv("aci_models", "demo,preset:bedrock")
    monkeypatch.delenv("REDIS_URL", raising=False)
    found = {one.name: one for one in all_settings()}
    assert (found["DATABASE_URL"].source, found["DATABASE_URL"].value) == (
        "environment",
        f"postgresql://aci:{HIDDEN}@db/aci",
    )
    assert (found["REDIS_URL"].source, found["REDIS_URL"].value) == ("default", "redis://127.0.0.1:6379/0")
    assert (found["ACI_LIMIT_QUEUED_JOBS"].source, found["ACI_LIMIT_QUEUED_JOBS"].value) == ("environment", "5")
    assert (found["ACI_MODELS"].source, found["ACI_MODELS"].value) == ("environment", "demo, preset:bedrock")
    assert all(one.help for one in found.values())


def test_of_a_setting_that_can_not_be_used_is_said_what_is_wrong_and_not_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACI_PORT", "hunter2")
    monkeypatch.setenv("ACI_OIDC_ISSUERS", '[{"issuer": "hunter2"}]')
    monkeypatch.setenv("ACI_MODEL_PRICES", "hunter2")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@h/0")
    found = {one.name: one for one in all_settings()}
    assert {name for name, one in found.items() if one.problem} == {"ACI_PORT", "ACI_OIDC_ISSUERS", "ACI_MODEL_PRICES"}
    assert "hunter2" not in repr(found)
    assert found["REDIS_URL"].value == f"redis://:{HIDDEN}@h/0"


def test_what_has_to_be_json_and_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_OIDC_ISSUERS", "hunter2")
    found = all_settings()
    assert [(one.name, one.problem) for one in found if one.problem] == [("ACI_OIDC_ISSUERS", "must be JSON")]
    assert "hunter2" not in repr(found)
