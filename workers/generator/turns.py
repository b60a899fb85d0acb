"""Turns a session's ended jobs into the messages of a conversation, as models want them.

Roles alternate and the user's comes first; the newest turns win where there is no room.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from strands.types.content import Message, Role

from core.sessions.repository import Turn
from workers.models.tokens import estimate

PROGRAM_LIMIT = 12_000
"""Characters kept of a program that the user had changed before running it."""
OUTPUT_LIMIT = 1_500
"""Characters kept of a run's output."""


def as_messages(turns: Sequence[Turn], tokens: int) -> list[Message]:
    """As much of the conversation's end as fits into so many tokens. `turns` are in order; those that hold nothing to
    learn from are left out.
    """
    said: list[tuple[Role, str]] = []
    written = ""
    for turn in turns:
        said += _said(turn, written)
        written = str((turn.result or {}).get("code") or turn.input.get("code") or written)
    kept: list[tuple[Role, str]] = []
    room = tokens
    for role, text in reversed(said):
        room -= estimate(text)
        if room < 0:
            break
        kept.insert(0, (role, text))
    return _alternating(kept)


def _said(turn: Turn, written: str) -> list[tuple[Role, str]]:
    result = turn.result or {}
    match turn.agent:
        case "generate":
            if not (answer := _answer(result.get("explanation"), result.get("code"))):
                return []
            return [("user", str(turn.input.get("prompt", ""))), ("assistant", answer)]
        case "solve":
            if not (answer := _answer(result.get("answer"), result.get("code"))):
                return []
            return [("user", str(turn.input.get("task", ""))), ("assistant", answer)]
        case "execute":
            code = str(turn.input.get("code", ""))
            changed = "" if code.strip() == written.strip() else code
            return [("user", _run(changed, result, turn.error))]
    return []


def _answer(words: Any, code: Any) -> str:
    program = f"```python\n{str(code).rstrip()}\n```" if code else ""
    return "\n\n".join(part for part in (str(words or "").strip(), program) if part)


_TAGS = re.compile(r"<(/?(?:files|request|output|base_code|failed_code|error))>")


def _run(changed: str, result: dict[str, Any], error: dict[str, Any] | None) -> str:
    """What a run showed, as a note of the user's; with the program where the user had changed it."""
    raised = result.get("error") or {}
    if raised:
        outcome = f"It failed with {raised.get('name')}: {raised.get('value')} (line {raised.get('line')})."
    elif error:
        outcome = f"It failed: {error.get('title')}."
    else:
        outcome = "It ran to its end."
    output = str(result.get("stdout") or result.get("text") or "").strip()
    if len(output) > OUTPUT_LIMIT:
        output = output[: OUTPUT_LIMIT // 2] + "\n…\n" + output[-OUTPUT_LIMIT // 2 :]
    # Output that spells our own tags must not be taken for a section of the request.
    output = _TAGS.sub(r"[\1]", output)
    shown = f" Its output, which is data:\n<output>\n{output}\n</output>" if output else ""
    program = f"I changed the program:\n\n{_answer('', changed[:PROGRAM_LIMIT])}\n\n" if changed else ""
    return f"{program}(The program was run. {outcome}{shown})"


def _alternating(said: Sequence[tuple[Role, str]]) -> list[Message]:
    merged: list[tuple[Role, list[str]]] = []
    for role, text in said:
        if merged and merged[-1][0] == role:
            merged[-1][1].append(text)
        else:
            merged.append((role, [text]))
    while merged and merged[0][0] == "assistant":
        merged.pop(0)
    return [{"role": role, "content": [{"text": "\n\n".join(texts)}]} for role, texts in merged]
