"""A problem names its field with a JSON pointer into what the client sent."""

from __future__ import annotations

import pytest

from api.problems import _pointer


@pytest.mark.parametrize(
    ("location", "pointer"),
    [
        (("body",), ""),
        (("body", "execute", "input", "code"), "/input/code"),
        (("body", "generate", "input", "files", 3), "/input/files/3"),
        (("body", "title"), "/title"),
        (("body", "execute", "metadata", "a/b~c"), "/metadata/a~1b~0c"),
        (("query", "limit"), "/query/limit"),
        (("path", "job_id"), "/path/job_id"),
        (("header", "last-event-id"), "/header/last-event-id"),
    ],
)
def test_the_pointer_leads_to_the_field(location: tuple[str | int, ...], pointer: str) -> None:
    assert _pointer(location) == pointer
