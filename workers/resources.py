"""What all jobs of one worker process share: clients that are made once, when the first job asks for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:
    from workers.executor.agentcore import CodeInterpreters
    from workers.models.chain import ModelChain


class Resources:
    """Made once a process; a pool that never needs one of these never imports what it takes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def models(self) -> ModelChain:
        """The models, in the order in which they are tried."""
        from workers.models.chain import ModelChain

        return ModelChain(self.settings)

    @cached_property
    def interpreters(self) -> CodeInterpreters:
        """Sandbox sessions, in AWS AgentCore or on our own server."""
        from workers.executor.agentcore import CodeInterpreters

        return CodeInterpreters(self.settings)
