"""Makes the Strands model of a candidate, and looks beforehand whether that can work.

A model is made once a process and used by all its jobs, for clients are costly. Our own client settings matter: the
chain, not a provider's client, decides about a second try, and a silence is as long as the settings say.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import Protocol, cast

import httpx
from strands.models import Model

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.candidates import Candidate
from workers.models.faults import CandidateFault, Kind, fault

PACKAGES = {"ollama": "ollama", "openai": "openai", "anthropic": "anthropic", "litellm": "litellm"}
"""What a provider needs to have installed beyond what is always there."""

CONNECT_TIMEOUT_S = 10.0

certificates = cache(httpx.create_ssl_context)
"""Whom clients trust. It is read once a process: that takes longer than all else of making one."""


class Provider(Protocol):
    """A module of this package."""

    OPTIONS: frozenset[str]
    """Names of `ModelOptions` that it knows."""

    def missing(self, settings: Settings, account: Account) -> str | None:
        """What it needs and does not have, as a sentence on what to do; None when it has all."""

    def make(self, model: str, options: ModelOptions, settings: Settings, account: Account) -> Model:
        """The model of Strands. May block for a moment; raises what the provider's client raises."""


def options_of(candidate: Candidate, settings: Settings) -> ModelOptions:
    """What is set for a model: its own word before its provider's."""
    for_all = settings.model_options.get(candidate.provider, ModelOptions())
    return settings.model_options.get(str(candidate), ModelOptions()).over(for_all)


def check(candidate: Candidate, settings: Settings, account: Account) -> CandidateFault | None:
    """Why asking it cannot work, as far as that is known without asking: cheap, and imports no provider's package."""
    package = PACKAGES.get(candidate.provider)
    if package is not None and importlib.util.find_spec(package) is None:
        install = f"pip install 'strands-agents[{candidate.provider}]'"
        return _setup(
            f"the package {package} is not installed",
            f"Install it beside the service ({install}) and restart the workers",
        )
    return None


def usable(candidate: Candidate, settings: Settings, account: Account) -> CandidateFault | None:
    """As `check`, and whether the provider has all that it needs. Imports the provider's package."""
    if found := check(candidate, settings, account):
        return found
    provider = _provider(candidate)
    if unknown := sorted(options_of(candidate, settings).said() - provider.OPTIONS):
        known = ", ".join(sorted(provider.OPTIONS)) or "none"
        return _setup(
            f"ACI_MODEL_OPTIONS sets {', '.join(unknown)}, which {candidate.provider} does not have",
            f"Leave that out; {candidate.provider} knows: {known}",
        )
    if missing := provider.missing(settings, account):
        return CandidateFault(Kind.CREDENTIALS, "there are no credentials for it", missing)
    return None


def make_model(candidate: Candidate, settings: Settings, account: Account) -> Model:
    """The Strands model of a candidate. Blocks for a moment; raises CandidateFault, or what a client raises."""
    if found := usable(candidate, settings, account):
        raise found
    return _provider(candidate).make(candidate.model, options_of(candidate, settings), settings, account)


def _provider(candidate: Candidate) -> Provider:
    try:
        return cast(Provider, importlib.import_module(f"workers.models.providers.{candidate.provider}"))
    except Exception as error:
        # The package is there, but broken, or of another version than Strands knows: anything may come of that.
        raise fault(Kind.SETUP, type(error).__name__) from error


def _setup(reason: str, advice: str) -> CandidateFault:
    return CandidateFault(Kind.SETUP, reason, advice)


def streams_at_once(settings: Settings) -> int:
    """Answers that may be under way in one process: its slots, and as many that were left behind by a cancel."""
    return 2 * settings.worker_slots


def max_tokens(options: ModelOptions, settings: Settings) -> int:
    """The longest answer of a model."""
    return options.max_tokens or settings.model_max_tokens
