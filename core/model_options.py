"""What may be set for one model: sampling, guardrail, prompt caching. All of it is unset by default, for several newer
models refuse any sampling but their own.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ModelOptions(BaseModel):
    """One entry of `ACI_MODEL_OPTIONS`. What a provider does not know is told as a fault of that model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, gt=0, description="In place of ACI_MODEL_MAX_TOKENS")
    guardrail_id: str | None = Field(None, min_length=1)
    guardrail_version: str | None = Field(None, min_length=1)
    prompt_caching: bool | None = Field(None, description="Have the provider keep what requests have in common")
    extra: dict[str, Any] | None = Field(
        None, description="Further fields of the request, as the provider names them; sent as they are"
    )

    @model_validator(mode="after")
    def _guardrail_whole(self) -> Self:
        if (self.guardrail_id is None) != (self.guardrail_version is None):
            raise ValueError("a guardrail needs guardrail_id and guardrail_version")
        return self

    def over(self, wider: ModelOptions) -> ModelOptions:
        """What holds for a model that says this, where its provider says `wider`."""
        return wider.model_copy(update=self.model_dump(exclude_unset=True))

    def said(self) -> set[str]:
        """Names of what is set."""
        return set(self.model_dump(exclude_none=True))
