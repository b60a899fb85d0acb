"""Writes down for a model what is asked: sections for the files, the program at hand, its error, and the wish.

The demo model reads the same text (`workers.models.demo.reading`), so the tags are a contract between the two.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.agents.generate import GenerateInput
from workers.prompts import load

PROMPTS = Path(__file__).parent / "prompts"

FILES_LIMIT = 16_000
"""Characters that the list of files may take; beyond it, files are listed by name alone."""
NAMES_LIMIT = 8_000
ERROR_LIMIT = 8_000


def prompt_text(name: str) -> str:
    """One of the texts in `prompts/`."""
    return load(PROMPTS, name).text


def compose(asked: GenerateInput, files: Sequence[dict[str, Any]]) -> str:
    """The message to the model. `files` are descriptions as `preview.describe` makes them."""
    sections = []
    if files:
        sections.append(_section("files", file_lines(files)))
    if asked.base_code:
        sections += ["Change this program:", _section("base_code", asked.base_code)]
    if asked.fix:
        error = asked.fix.error
        if len(error) > ERROR_LIMIT:
            # The last lines of a traceback say what happened.
            error = "…" + error[-ERROR_LIMIT:]
        sections += [
            "This program failed; mend it and keep the rest as it is:",
            _section("failed_code", asked.fix.code),
            _section("error", error),
        ]
    sections.append(_section("request", asked.prompt))
    return "\n\n".join(sections)


def file_lines(files: Sequence[dict[str, Any]]) -> str:
    """One JSON object a line, within the limits; says how many files are left out."""
    lines: list[str] = []
    left = FILES_LIMIT
    for place, file in enumerate(files):
        line = _json(file)
        if len(line) > left:
            line = _json({"path": file["path"], "bytes": file["bytes"]})
        if len(line) > left + NAMES_LIMIT:
            lines.append(_json({"further_files": len(files) - place}))
            break
        left -= len(line)
        lines.append(line)
    return "\n".join(lines)


# A file's contents must be able to end neither their line nor their section.
_ESCAPED = {character: f"\\u{ord(character):04x}" for character in "<>\x7f\x85\u2028\u2029"}


def _json(value: dict[str, Any]) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return "".join(_ESCAPED.get(character, character) for character in text)


def _section(tag: str, text: str) -> str:
    return f"<{tag}>\n{text.strip(chr(10))}\n</{tag}>"
