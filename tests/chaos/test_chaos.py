"""The short form of the chaos run: every kind of fault once, and not one promise broken."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.chaos.scenario import Plan, run


@pytest.mark.timeout(300)
async def test_no_promise_is_broken_whatever_fails(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_home: Path
) -> None:
    seed = request.config.getoption("--chaos-seed", None)
    if seed is None:
        seed = random.SystemRandom().randrange(10_000)
    seconds = request.config.getoption("--chaos-seconds", None)
    print(f"Again with: python -m pytest tests/chaos/test_chaos.py --chaos-seed {seed}")
    report = await run(Plan(seed, storm_s=seconds, customers=6, pace_s=(0.1, 0.6)), tmp_path, postgres_home)
    print(report.table())
    assert report.jobs, "nothing was done"
    assert not report.violations, report.table()
