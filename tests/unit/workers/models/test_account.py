"""Where AWS is set up, where it is not, and where it is set up wrongly."""

from __future__ import annotations

import asyncio

import pytest

from core.settings import Settings
from workers.context import AgentFailure
from workers.models.answer import Question
from workers.models.candidates import BEDROCK_DEFAULTS, DEMO
from workers.models.chain import ModelChain


@pytest.fixture(autouse=True)
def no_aws(monkeypatch, tmp_path):
    """A machine that has never heard of AWS."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "ACI_MODELS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


async def ask(chain):
    return [piece async for piece in chain.stream(Question("", "hello"), asyncio.Event())]


def test_without_aws_the_demo_model_answers_and_says_so():
    assert ModelChain(Settings()).describe() == {
        "model": DEMO,
        "demo": True,
        "detail": "demo model: answers from a small built-in library (no AWS credentials found)",
        "chain": [DEMO],
        "models": [{"model": DEMO, "state": "closed", "last_error": None}],
        "status": "ok",
    }


def test_with_credentials_bedrocks_defaults_are_tried_in_order(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key")
    described = ModelChain(Settings()).describe()
    assert described["chain"] == list(BEDROCK_DEFAULTS)
    assert described["demo"] is False
    assert "secret" not in str(described)


def test_an_api_key_for_bedrock_is_a_credential(monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "key")
    assert ModelChain(Settings()).describe()["chain"] == list(BEDROCK_DEFAULTS)


@pytest.mark.parametrize(
    "broken", [{"AWS_PROFILE": "nobody"}, {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}], ids=["profile", "half a key pair"]
)
async def test_a_broken_set_up_is_an_error_and_never_the_demo_model(monkeypatch, broken):
    for name, value in broken.items():
        monkeypatch.setenv(name, value)
    chain = ModelChain(Settings())
    assert chain.describe()["demo"] is False
    with pytest.raises(AgentFailure) as caught:
        await ask(chain)
    assert "AWS" in caught.value.error["detail"]
    assert "Traceback" not in caught.value.error["detail"]


async def test_a_name_nobody_serves_fails_the_job_and_not_the_worker(caplog):
    chain = ModelChain(Settings(models=("gemini:pro",)))
    described = chain.describe()
    assert described["model"] is None
    assert "bedrock:…" in described["detail"]
    for _ in range(2):
        with pytest.raises(AgentFailure) as caught:
            await ask(chain)
        assert "bedrock:…" in caught.value.error["detail"]
    assert [record.message.count("ACI_MODELS names 'gemini:pro'") for record in caplog.records] == [1]


def test_the_region_that_aws_tools_use_is_used_unless_another_is_set(monkeypatch):
    from workers.models.account import find_account

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert find_account(Settings()).session.region_name == "eu-central-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert find_account(Settings()).session.region_name == "eu-west-1"


def test_credentials_are_looked_for_once(monkeypatch):
    from workers.models import pool as module

    looks = []
    real = module.find_account
    monkeypatch.setattr(module, "find_account", lambda settings: looks.append(1) or real(settings))
    chain = ModelChain(Settings())
    chain.describe()
    chain.describe()
    assert looks == [1]
