"""What can be said of an issuer, and what would let in whoever likes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from core.access.issuer import OidcIssuer, fetchable
from core.settings import Settings

GOOD: dict[str, Any] = {"issuer": "https://login.example.org/pool", "audiences": ["us"], "tenant_claim": "org"}


def test_the_least_that_is_said_is_safe() -> None:
    issuer = OidcIssuer(**GOOD)
    assert issuer.create_tenants is False
    assert set(issuer.algorithms) == {"RS256", "ES256"}
    assert (issuer.user_scope, issuer.admin_scope) == ("aci:user", "aci:admin")


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "http://login.example.org"},
        {"issuer": "login.example.org"},
        {"issuer": "https://"},
        {"issuer": "https://user:secret@login.example.org"},
        {"issuer": "https://login.example.org/?a=b"},
        {"issuer": "https://login.example.org/#a"},
        {"issuer": "https://[::1"},
        {"audiences": []},
        {"algorithms": ["HS256"]},
        {"algorithms": ["RS256", "none"]},
        {"algorithms": []},
        {"tenant_claim": None},
        {"tenant": "both"},
        {"clock_skew_s": 3600},
        {"clock_skew_s": -1},
        {"audience": "misspelled"},
    ],
    ids=json.dumps,
)
def test_what_would_let_in_whoever_likes_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OidcIssuer(**GOOD | changed)


def test_they_come_as_a_list_of_json_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACI_OIDC_ISSUERS", json.dumps([GOOD]))
    [issuer] = Settings().oidc_issuers
    assert issuer == OidcIssuer(**GOOD)
    monkeypatch.setenv("ACI_OIDC_ISSUERS", json.dumps([GOOD, GOOD]))
    with pytest.raises(ValidationError, match="twice"):
        Settings()


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://keys.example/jwks", True),
        ("http://127.0.0.1:8080/jwks", True),
        ("http://[::1]/jwks", True),
        ("http://localhost/jwks", True),
        ("http://localhost.example/jwks", False),
        ("http://127.0.0.1.example/jwks", False),
        ("http://10.0.0.1/jwks", False),
        ("file:///etc/passwd", False),
        ("ftp://keys.example/", False),
        ("//keys.example/", False),
        ("", False),
    ],
)
def test_documents_are_fetched_over_tls_or_from_this_machine(address: str, may: bool) -> None:
    assert fetchable(address) is may
