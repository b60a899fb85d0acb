"""What a session knows when a new prompt comes: its earlier turns, and its files.

The only module of this agent that reads the database; all else works on what it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from strands.types.content import Message

from core.blobs import store
from core.files import repository as files
from core.sessions import repository as sessions
from workers.context import Context
from workers.generator import preview
from workers.generator.turns import as_messages

TURNS = 12
"""Ended jobs that are read back."""
DESCRIBED = 20
"""Files whose first bytes are read; the others are listed by name and size."""


@dataclass(frozen=True, slots=True)
class Background:
    """What came before the prompt."""

    messages: list[Message] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)


async def background(context: Context, only: Sequence[str] | None) -> Background:
    """The session's conversation and its files, or those of them that `only` names; empty without a session."""
    session_id = context.session_id
    if session_id is None:
        return Background()
    turns = await sessions.conversation(context.pool, session_id, TURNS)
    present = await files.current(context.pool, context.claim.tenant_id, session_id)
    wanted = [file for file in present if only is None or file.path in only]
    described = []
    for place, file in enumerate(wanted):
        head = b""
        if place < DESCRIBED and preview.wants_head(file.path):
            async for piece in store.read(context.pool, file.blob_id, 0, preview.HEAD):
                head += piece
        described.append(preview.describe(file.path, file.size, head))
    missing = sorted(set(only or ()) - {file.path for file in present})
    described += [{"path": path, "bytes": 0, "missing": True} for path in missing]
    return Background(as_messages(turns, context.settings.conversation_tokens), described)
