"""What models of our own have in common: no configuration, a name for traces, and no structured answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from pydantic import BaseModel
from strands.models import Model
from strands.types.content import Messages

T = TypeVar("T", bound=BaseModel)


class OwnModel(Model):
    """A model as Strands wants it, of which only `stream` is left to write."""

    @property
    @abstractmethod
    def name(self) -> str:
        """For traces."""

    def update_config(self, **model_config: Any) -> None:
        """There is nothing to set."""

    def get_config(self) -> dict[str, Any]:
        """Only the name."""
        return {"model_id": self.name}

    def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        """Raises NotImplementedError: a tool is the way to an answer of a given form."""
        raise NotImplementedError("This model gives no structured output; use a tool.")
