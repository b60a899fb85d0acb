"""`anthropic:…`: models of Anthropic's own API."""

from __future__ import annotations

from typing import Any

import httpx
from strands.models import CacheConfig
from strands.models.anthropic import AnthropicModel

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.providers.making import CONNECT_TIMEOUT_S, certificates, max_tokens, streams_at_once

OPTIONS = frozenset({"temperature", "top_p", "max_tokens", "prompt_caching", "extra"})


def missing(settings: Settings, account: Account) -> str | None:
    """A key."""
    return None if settings.anthropic_api_key else "Set ANTHROPIC_API_KEY and restart the workers"


def make(model: str, options: ModelOptions, settings: Settings, account: Account) -> AnthropicModel:
    """The model, on one client for the process."""
    connect = min(CONNECT_TIMEOUT_S, settings.model_timeout_s)
    many = streams_at_once(settings)
    params: dict[str, Any] = options.model_dump(include={"temperature", "top_p"}, exclude_none=True)
    if options.extra:
        params["extra_body"] = options.extra
    more: dict[str, Any] = {"cache_config": CacheConfig(strategy="auto")} if options.prompt_caching else {}
    assert settings.anthropic_api_key is not None
    return AnthropicModel(
        client_args={
            "api_key": settings.anthropic_api_key.get_secret_value(),
            "base_url": settings.anthropic_base_url,
            "max_retries": 0,
            "timeout": httpx.Timeout(settings.model_timeout_s, connect=connect),
            "http_client": httpx.AsyncClient(
                verify=certificates(),
                limits=httpx.Limits(max_connections=many, max_keepalive_connections=many),
                follow_redirects=True,
            ),
        },
        model_id=model,
        max_tokens=max_tokens(options, settings),
        params=params,
        **more,
    )
