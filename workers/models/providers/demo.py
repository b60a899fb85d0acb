"""`demo:library`: the demo model."""

from __future__ import annotations

from strands.models import Model

from core.model_options import ModelOptions
from core.settings import Settings
from workers.models.account import Account
from workers.models.demo.model import DemoModel

OPTIONS: frozenset[str] = frozenset()


def missing(settings: Settings, account: Account) -> str | None:
    """It needs nothing."""
    return None


def make(model: str, options: ModelOptions, settings: Settings, account: Account) -> Model:
    """The library."""
    return DemoModel()
