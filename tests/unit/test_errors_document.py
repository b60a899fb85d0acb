"""The page on errors knows every problem that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import api.app  # noqa: F401  (defines them all)
from core.errors import ServiceError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


def kinds(of: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_problem_is_documented_with_its_status() -> None:
    documented = set(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE))
    missing = {(kind.slug, str(kind.status)) for kind in kinds(ServiceError)} - documented
    assert missing == set()
