"""How large an event may be: what is longer is cut where it can be read, and says so by `truncated`.

Texts that are streamed never come to this: their writer parts them, so that a replay is exact to the last character.
"""

from __future__ import annotations

import json
from typing import Any

LONGEST_TEXT = 16 * 1024
"""Characters of a streamed text in one event."""
LONGEST_EVENT = 512 * 1024
"""Characters of an event's data as JSON; a streamed text stays below it even if every character must be escaped."""

CUT = "… (cut: longer than an event may be)"

_LIMITS = ((64 * 1024, 4000), (16 * 1024, 1000), (4 * 1024, 200), (500, 50), (50, 10))
"""Characters of a text and members of a list or object, tried in this order until the event fits."""


def fitting(data: dict[str, Any]) -> dict[str, Any]:
    """The data, or as much of it as an event may hold, marked with `truncated`."""
    if _small(data) or len(json.dumps(data, ensure_ascii=False)) <= LONGEST_EVENT:
        return data
    for text, members in _LIMITS:
        short = {key: _shortened(value, text, members) for key, value in data.items()} | {"truncated": True}
        if len(json.dumps(short, ensure_ascii=False)) <= LONGEST_EVENT:
            return short
    return {"truncated": True}


def _small(data: dict[str, Any]) -> bool:
    """Cheaply told for nearly all: a few texts that are short even when escaped."""
    return len(data) <= 4 and all(
        value is None or isinstance(value, int) or (isinstance(value, str) and len(value) <= LONGEST_TEXT)
        for value in data.values()
    )


def _shortened(value: Any, text: int, members: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= text else value[:text] + CUT
    if isinstance(value, list):
        short = [_shortened(one, text, members) for one in value[:members]]
        return [*short, CUT] if len(value) > members and all(isinstance(one, str) for one in short) else short
    if isinstance(value, dict):
        return {key: _shortened(one, text, members) for key, one in list(value.items())[:members]}
    return value
