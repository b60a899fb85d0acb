"""Which chaos: `--chaos-seed` repeats a run's faults and clients, `--chaos-seconds` makes it longer."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-seed", type=int, default=None, help="seed of the chaos test; drawn where not given")
    parser.addoption("--chaos-seconds", type=float, default=30, help="how long its faults go on")
