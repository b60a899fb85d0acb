"""Which chaos: `--chaos-seed` repeats a run's faults and clients, `--chaos-seconds` says how long it goes on."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-seed", type=int, default=None, help="seed of the chaos test; drawn where not given")
    parser.addoption(
        "--chaos-seconds", type=float, default=None, help="how long its faults go on; otherwise each comes once"
    )
