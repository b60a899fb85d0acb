"""What a model is told of a run: bounded, and marked as data.

Output comes from programs and files, and anybody may have written what is in them. It stands between tags that it
cannot spell itself, so it can neither end its section nor begin another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from workers.sandbox import Ran

STDOUT_LIMIT = 6_000
"""Characters of printed text that are shown: the beginning and the end of it."""
VALUE_LIMIT = 3_000
"""Of each value and table."""
STDERR_LIMIT = 1_500
ERROR_LIMIT = 4_000
VALUES = 6
"""Values and tables of one run that are shown."""

_TAGS = re.compile(r"<(/?(?:output|error|files|request))(?=[\s>])", re.IGNORECASE)


def told(ran: Ran) -> str:
    """A run in words."""
    result, parts = ran.result, [_outcome(ran)]
    shown = [_cut(str(result.get("stdout") or ""), STDOUT_LIMIT)]
    values = [text for bundle in result.get("outputs") or [] if (text := _value(bundle)) is not None]
    shown += values[:VALUES]
    if len(values) > VALUES:
        shown.append(f"({len(values) - VALUES} further values are not shown)")
    if result.get("stderr"):
        shown.append("stderr: " + _cut(str(result["stderr"]), STDERR_LIMIT))
    if any(part.strip() for part in shown):
        parts.append(_section("output", "\n".join(part.rstrip("\n") for part in shown if part.strip())))
    if ran.failure is not None:
        parts.append(_section("error", _error(ran)))
    if figures := [name for name, _ in figures_of(result)]:
        parts.append(f"Figures drawn: {', '.join(figures)}.")
    if files := [f"{file['path']} ({file['change']})" for file in result.get("files") or []]:
        parts.append(_escaped(f"Files: {', '.join(files[:20])}."))
    return "\n".join(parts)


def figures_of(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Artifact and MIME type of each figure of a run, in order."""
    return [
        (value["artifact"], mime)
        for bundle in result.get("outputs") or []
        for mime, value in bundle.items()
        if isinstance(value, dict) and "artifact" in value and mime.startswith("image/")
    ]


def _outcome(ran: Ran) -> str:
    if ran.failure is None:
        return "The program ran to its end."
    return f"The program failed: {_escaped(str(ran.failure.error['title']))}."


def _error(ran: Ran) -> str:
    assert ran.failure is not None
    raised = ran.result.get("error")
    if raised:
        lines: Sequence[str] = raised.get("traceback") or []
        text = "\n".join(line.rstrip("\n") for line in lines) or f"{raised.get('name')}: {raised.get('value')}"
    else:
        text = str(ran.failure.error["detail"])
    # The last lines of a traceback say what happened.
    return text if len(text) <= ERROR_LIMIT else "…" + text[-ERROR_LIMIT:]


def _value(bundle: dict[str, Any]) -> str | None:
    """A value or table as text. What is nothing but a figure is shown as one."""
    text = bundle.get("text/plain")
    if not isinstance(text, str) or any(mime.startswith("image/") for mime in bundle):
        return None
    return _cut(text, VALUE_LIMIT)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters are left out …\n{text[-half:]}"


def _section(tag: str, text: str) -> str:
    return f"<{tag}>\n{_escaped(text)}\n</{tag}>"


def _escaped(text: str) -> str:
    return _TAGS.sub(r"[\1", text)
