"""Which models are asked, in which order: `provider:model` names, presets, and the choice when nothing is set.

Pure decisions: what is configured and whether AWS credentials were found goes in, the order comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PROVIDERS = ("bedrock", "ollama", "openai", "anthropic", "litellm", "demo")

DEMO = "demo:library"

BEDROCK_DEFAULTS = (
    "bedrock:global.anthropic.claude-sonnet-4-6",
    "bedrock:us.amazon.nova-pro-v1:0",
    "bedrock:global.anthropic.claude-haiku-4-5-20251001-v1:0",
)
"""Primary, fallback and safety net: the active successors of the design's three."""

PRESETS = {
    # All three are past their end of life on Bedrock and answer 404 there; kept for those who host them elsewhere.
    "design": (
        "bedrock:us.anthropic.claude-sonnet-4-20250514-v1:0",
        "bedrock:us.amazon.nova-premier-v1:0",
        "bedrock:anthropic.claude-3-5-sonnet-20241022-v2:0",
    ),
    "bedrock": BEDROCK_DEFAULTS,
    "demo": (DEMO,),
}

NO_CREDENTIALS = "demo model: answers from a small built-in library (no AWS credentials found)"
CHOSEN_DEMO = "demo model: answers from a small built-in library (chosen in ACI_MODELS)"


class UnknownModel(ValueError):
    """A name in the settings that no provider here can serve; the message says which ones can."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of one provider."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


def parse(names: Sequence[str]) -> tuple[Candidate, ...]:
    """Candidates in order, each once, presets expanded. Raises UnknownModel."""
    return tuple(dict.fromkeys(candidate for name in names for candidate in _expand(name)))


def _expand(name: str) -> Iterator[Candidate]:
    # A model's own id may have colons ("…-v1:0"); only the first one parts the provider from it.
    provider, _, model = name.partition(":")
    if provider == "preset":
        if model not in PRESETS:
            raise UnknownModel(f"There is no preset {model!r}; there are: {', '.join(sorted(PRESETS))}.")
        for each in PRESETS[model]:
            yield from _expand(each)
    elif provider not in PROVIDERS:
        supported = ", ".join(f"{known}:…" for known in PROVIDERS)
        raise UnknownModel(
            f"ACI_MODELS names {name!r}, which is not supported; supported are {supported} and preset:…."
        )
    elif not model and provider not in PRESETS:
        raise UnknownModel(f"ACI_MODELS names {provider!r} without a model; write {provider}: and the model's name.")
    elif not model:
        for each in PRESETS[provider]:
            yield from _expand(each)
    else:
        yield Candidate(provider, model)


def choose(configured: Sequence[str], *, aws_configured: bool) -> tuple[Candidate, ...]:
    """What is configured; else Bedrock's defaults where AWS is set up, be it broken; else the demo model.

    Falling from a broken AWS set-up to the demo model would hide the fault behind answers nobody asked for.
    Raises UnknownModel.
    """
    if configured:
        return parse(configured)
    return parse(BEDROCK_DEFAULTS if aws_configured else (DEMO,))
