"""`openai:…`: OpenAI's models, and those of any server that speaks its API (vLLM, LM Studio, llama.cpp and others)."""

from __future__ import annotations

from typing import Any

import httpx
import openai
from strands.models.openai import OpenAIModel
from strands.types.streaming import StreamEvent

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.faults import Kind, fault
from workers.models.providers.making import CONNECT_TIMEOUT_S, certificates, max_tokens, streams_at_once

OPTIONS = frozenset({"temperature", "top_p", "max_tokens", "extra"})


def missing(settings: Settings, account: Account) -> str | None:
    """A key, where it is OpenAI itself that is asked."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, and restart the workers"
    return None


def make(model: str, options: ModelOptions, settings: Settings, account: Account) -> OpenAIModel:
    """The model, on one client for the process: Strands would make one for each request."""
    connect = min(CONNECT_TIMEOUT_S, settings.model_timeout_s)
    many = streams_at_once(settings)
    client = openai.AsyncOpenAI(
        api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none",
        base_url=settings.openai_base_url,
        max_retries=0,
        timeout=httpx.Timeout(settings.model_timeout_s, connect=connect),
        http_client=httpx.AsyncClient(
            verify=certificates(),
            limits=httpx.Limits(max_connections=many, max_keepalive_connections=many),
            follow_redirects=True,
        ),
    )
    params: dict[str, Any] = options.model_dump(include={"temperature", "top_p"}, exclude_none=True)
    # OpenAI's newer models refuse `max_tokens`; most servers of others know nothing else.
    longest = "max_tokens" if settings.openai_base_url else "max_completion_tokens"
    params[longest] = max_tokens(options, settings)
    if options.extra:
        params["extra_body"] = options.extra
    return _OpenAI(client, model_id=model, params=params)


class _OpenAI(OpenAIModel):
    """Strands takes an answer that just ended for a whole one, and a filtered one too."""

    def format_chunk(self, event: dict[str, Any], **kwargs: Any) -> StreamEvent:
        """Raises CandidateFault for an end of which the server did not speak."""
        if event["chunk_type"] == "message_stop":
            if event["data"] == "end_turn":
                # Strands' own word, where the server gave no `finish_reason`.
                raise fault(Kind.BROKEN_OFF)
            if event["data"] == "content_filter":
                return {"messageStop": {"stopReason": "content_filtered"}}
        return super().format_chunk(event, **kwargs)
