"""`bedrock:…`: models of AWS Bedrock, asked by ConverseStream."""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from strands.models import BedrockModel, CacheConfig, Model

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.faults import Kind, fault
from workers.models.providers.making import CONNECT_TIMEOUT_S, max_tokens, streams_at_once

OPTIONS = frozenset(ModelOptions.model_fields)


def missing(settings: Settings, account: Account) -> str | None:
    """What the account lacks."""
    if account.problem:
        return f"{account.problem}. Put the profile or the keys right and restart the workers"
    if not account.usable:
        return "Set up AWS credentials (aws configure, aws sso login, a role, or AWS_BEARER_TOKEN_BEDROCK)"
    return None


def make(model: str, options: ModelOptions, settings: Settings, account: Account) -> Model:
    """The model, on a client of its own whose pool has a connection for every answer."""
    if account.session is None:
        raise fault(Kind.CREDENTIALS)
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=min(CONNECT_TIMEOUT_S, settings.model_timeout_s),
        read_timeout=settings.model_timeout_s,
        # botocore's default of ten would open and throw away a connection for every job past the tenth.
        max_pool_connections=streams_at_once(settings),
    )
    return BedrockModel(
        boto_session=account.session,
        boto_client_config=config,
        endpoint_url=settings.bedrock_endpoint,
        model_id=model,
        max_tokens=max_tokens(options, settings),
        **_chosen(options),
    )


def _chosen(options: ModelOptions) -> dict[str, Any]:
    """As Strands names it; only what is set, for Strands warns of a name that it does not know and goes on."""
    chosen: dict[str, Any] = options.model_dump(include={"temperature", "top_p"}, exclude_none=True)
    if options.guardrail_id is not None:
        chosen |= {
            "guardrail_id": options.guardrail_id,
            "guardrail_version": options.guardrail_version,
            # It is looked at while it streams; text that it stops later was seen, and the job says that it was refused.
            "guardrail_stream_processing_mode": "async",
            "guardrail_redact_input": False,
        }
    if options.prompt_caching:
        chosen["cache_config"] = CacheConfig(strategy="auto")
    if options.extra:
        chosen["additional_request_fields"] = options.extra
    return chosen
