"""`ollama:…`: models of an Ollama server, on this machine or another."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import httpx
from strands.models.ollama import OllamaModel
from strands.types.streaming import StreamEvent

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.faults import Kind, fault
from workers.models.providers.making import CONNECT_TIMEOUT_S, max_tokens

OPTIONS = frozenset({"temperature", "top_p", "max_tokens", "extra"})

certificates = cache(ssl.create_default_context)
"""Whom the machine trusts, for a server beside it may have a certificate of the house. Read once a process."""


def missing(settings: Settings, account: Account) -> str | None:
    """It needs no credentials."""
    return None


def make(model: str, options: ModelOptions, settings: Settings, account: Account) -> OllamaModel:
    """The model. Strands makes an HTTP client for each request, for which the certificates must not be read again."""
    connect = min(CONNECT_TIMEOUT_S, settings.model_timeout_s)
    return _Ollama(
        settings.ollama_host,
        ollama_client_args={
            "timeout": httpx.Timeout(settings.model_timeout_s, connect=connect),
            "verify": certificates(),
        },
        model_id=model,
        max_tokens=max_tokens(options, settings),
        options=options.extra,
        **options.model_dump(include={"temperature", "top_p"}, exclude_none=True),
    )


class _Ollama(OllamaModel):
    """Strands takes an answer that just ended for a whole one."""

    def format_chunk(self, event: dict[str, Any]) -> StreamEvent:
        """Raises CandidateFault for an end without a reason."""
        if event["chunk_type"] == "message_stop" and not event["data"]:
            raise fault(Kind.BROKEN_OFF)
        return super().format_chunk(event)
