"""`litellm:…`: whatever LiteLLM knows. It reads keys and addresses from the environment by its own names."""

from __future__ import annotations

from typing import Any

import litellm
from strands.models.litellm import LiteLLMModel

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.providers.making import max_tokens

OPTIONS = frozenset({"temperature", "top_p", "max_tokens", "extra"})


def missing(settings: Settings, account: Account) -> str | None:
    """LiteLLM says so itself when it is asked."""
    return None


def make(model: str, options: ModelOptions, settings: Settings, account: Account) -> LiteLLMModel:
    """The model, without LiteLLM's own second tries."""
    # It would print advice for its own developers beside each error.
    litellm.suppress_debug_info = True
    params: dict[str, Any] = options.model_dump(include={"temperature", "top_p"}, exclude_none=True)
    params["max_tokens"] = max_tokens(options, settings)
    return LiteLLMModel(
        client_args={"num_retries": 0, "max_retries": 0, "timeout": settings.model_timeout_s},
        model_id=model,
        params=params | (options.extra or {}),
    )
