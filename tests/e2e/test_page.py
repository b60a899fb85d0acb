"""The web page: its own unit tests, its size, and a person's path through it in a real browser."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from services import Service

pytestmark = pytest.mark.timeout(600)


def npm(*words: str, **environment: str) -> None:
    """Run one of the page's scripts; a failure shows all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "embedded.page", "--", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, f"npm {' '.join(words)} failed:\n{done.stdout[-6000:]}"


def test_the_pages_unit_tests_pass() -> None:
    npm("run", "test")


def test_the_first_load_stays_within_its_budget(built_page: None) -> None:
    npm("run", "size")


def test_a_person_gets_from_words_to_a_figure_and_signs_in_where_asked(
    page_service: Service, guarded_page: tuple[str, str], chromium: str
) -> None:
    address, key = guarded_page
    npm("run", "test:e2e", ACI_URL=page_service.url, ACI_ASKING_URL=address, ACI_KEY=key, CHROMIUM=chromium)
