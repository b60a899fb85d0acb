"""`make test-aws`, without an account and against a double."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest

from core.settings import Settings
from evaluation import aws as smoke
from tests.doubles.bedrock import DENIED, End, Say, running_bedrock


@pytest.fixture(autouse=True)
def no_account(monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def test_without_credentials_it_says_so_and_fails_nobody(monkeypatch, capsys):
    monkeypatch.setattr(smoke.Settings, "load", Settings)
    assert smoke.main() == 0
    assert capsys.readouterr().out.startswith("Nothing was tested: no AWS credentials were found.")


async def test_each_model_is_tried_alone_and_told(monkeypatch, capsys):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr(smoke, "_ran", AsyncMock(return_value=True))
    with running_bedrock() as bedrock:
        bedrock.script("a", Say("Prints.\n```python\nprint(42)\n```"), End())
        bedrock.script("b", DENIED)
        models = ["bedrock:a", "bedrock:b"]
        settings = Settings(models=models, bedrock_endpoint=bedrock.url, redis_url="redis://127.0.0.1:9")
        assert await smoke._tested(settings) == 1
    good, bad = capsys.readouterr().out.splitlines()
    assert good == "ok     bedrock:a: wrote a program of 1 lines, 11 + 7 tokens"
    assert bad.startswith("FAILED bedrock:b: ")
    assert "Bedrock console" in bad
