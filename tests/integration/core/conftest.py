"""A life of jobs for each test."""

import pytest
from job_life import Life

from core.database.pool import Pool


@pytest.fixture
def life(pool: Pool) -> Life:
    return Life(pool)
