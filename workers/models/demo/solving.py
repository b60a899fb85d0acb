"""The demo model with a tool that runs code: it says its plan, runs a program of the library, and tells what came out.

It reads no figures and draws no conclusions, and says so. An error it knows by rote is mended and run once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strands.types.content import Message, Messages
from strands.types.tools import ToolSpec

from workers.models.demo.library import pick
from workers.models.demo.mending import mend, parses
from workers.models.demo.reading import Wish, read
from workers.models.demo.reply import WHO, menu_lines

SHOWN = 1200
"""Characters of a program's output that an answer repeats."""
MENDS = 1

_SECTION = re.compile(r"<(output|error)>\n(.*?)\n</\1>", re.DOTALL)
"""Where a tool marks what a program gave, only that is the program's."""
_RAISED = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception|Interrupt|Exit)\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Turn:
    """What it says, and the code it wants to be run; without any, it is done."""

    says: str
    code: str | None = None


def code_tool(specs: Sequence[ToolSpec] | None) -> tuple[str, str] | None:
    """The tool that runs code, and its parameter that takes the code; None where there is no such tool."""
    for spec in specs or ():
        schema: Any = spec.get("inputSchema", {})
        for name, about in schema.get("json", schema).get("properties", {}).items():
            if name in ("code", "program", "source") and about.get("type", "string") == "string":
                return spec["name"], name
    return None


def turn(messages: Messages, parameter: str) -> Turn:
    """The next turn of a conversation in which the last message is the task, or the result of the code it wanted."""
    runs = _runs(messages, parameter)
    wish = read(_task(messages))
    if not runs:
        return _begin(wish)
    code, output, failed = runs[-1]
    if not failed:
        return Turn(_answer(wish, output))
    error = _last_error(output)
    if len(runs) <= MENDS:
        found = mend(Wish(wish.text, wish.files, wish.tables, failed_code=code, error=error))
        if found is not None and parses(found[0]):
            return Turn(f"The program failed: {error}. {found[1]} I run it once more.", found[0])
    return Turn(f"{WHO}\n\nThe program failed, and I know no mend for it: {error}")


def _begin(wish: Wish) -> Turn:
    found = pick(wish)
    if found is None:
        return Turn(f"{WHO} Nothing in the library fits your task. It can do this:\n\n{menu_lines()}")
    return Turn(f"{WHO} My plan: run one program and tell what it prints. {found.says}", found.code)


def _answer(wish: Wish, output: str) -> str:
    text = output.strip()
    if len(text) > SHOWN:
        text = text[:SHOWN].rsplit("\n", 1)[0] + "\n…"
    said = (
        f"The program ran to its end and gave:\n\n{_quoted(text)}" if text else "It ran to its end and printed nothing."
    )
    return f"{WHO}\n\n{said}\n\nWhat that means it cannot tell; a real model could (docs/models.md)."


def _quoted(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _runs(messages: Messages, parameter: str) -> list[tuple[str, str, bool]]:
    """Of each call since the task: the code, what came back, and whether it failed."""
    wanted: dict[str, str] = {}
    runs = []
    for message in messages[_start(messages) :]:
        for block in message["content"]:
            if "toolUse" in block:
                arguments: Any = block["toolUse"]["input"]
                wanted[block["toolUse"]["toolUseId"]] = str(arguments.get(parameter, ""))
            elif "toolResult" in block:
                result = block["toolResult"]
                text = "\n".join(map(_text, result["content"]))
                text = "\n".join(section for _, section in _SECTION.findall(text)) or text
                failed = result.get("status") == "error" or "Traceback (most recent call last)" in text
                runs.append((wanted.get(result["toolUseId"], ""), text, failed))
    return runs


def _start(messages: Messages) -> int:
    """Where the present task stands: the last message of the user's that brings no result of a tool."""
    return max((place for place, message in enumerate(messages) if _asks(message)), default=0)


def _asks(message: Message) -> bool:
    return message["role"] == "user" and not any("toolResult" in block for block in message["content"])


def _task(messages: Messages) -> str:
    return "\n".join(block["text"] for block in messages[_start(messages)]["content"] if "text" in block)


def _text(content: Any) -> str:
    """A tool may answer in text, or in JSON with the output under a name of its own choice."""
    if "text" in content:
        return str(content["text"])
    found = content.get("json")
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False) if found is not None else ""


def _last_error(output: str) -> str:
    raised = _RAISED.findall(output)
    return raised[-1].strip() if raised else output.strip().splitlines()[-1] if output.strip() else "it said nothing"
