"""Pictures in a conversation, for models that take none: nobody lists which do, so each is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from strands.types.content import Message

from workers.models.answer import Call

UNSEEN = {"text": "(A picture stands here, which you can't see.)"}


def has_pictures(call: Call) -> bool:
    """Whether some message, or some tool's result, has one."""
    return any("image" in block for message in call.messages for block in _blocks(message["content"]))


def without_pictures(call: Call) -> Call:
    """The same, with a word in each picture's place."""
    return replace(
        call,
        messages=[cast(Message, {**message, "content": _words(message["content"])}) for message in call.messages],
    )


def _blocks(content: Any) -> list[Mapping[str, Any]]:
    blocks: list[Mapping[str, Any]] = []
    for block in content:
        blocks.append(block)
        if "toolResult" in block:
            blocks += block["toolResult"]["content"]
    return blocks


def _words(content: Any) -> list[Any]:
    words: list[Any] = []
    for block in content:
        if "image" in block:
            words.append(UNSEEN)
        elif "toolResult" in block:
            result = block["toolResult"]
            words.append({**block, "toolResult": {**result, "content": _words(result["content"])}})
        else:
            words.append(block)
    return words
