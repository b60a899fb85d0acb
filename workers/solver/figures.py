"""The figures of a run as the model sees them: a few, and not too large, since each is paid for at every turn."""

from __future__ import annotations

from typing import Any

from strands.types.tools import ToolResultContent

from core.blobs import store
from core.jobs import artifacts
from workers.context import Context
from workers.solver.seen import figures_of

FORMATS: dict[str, Any] = {"image/png": "png", "image/jpeg": "jpeg"}
LARGEST = 1024 * 1024
"""Bytes of a figure that is shown."""
OF_A_RUN = 3
OF_A_JOB = 8


async def shown(context: Context, result: dict[str, Any], shown_before: int) -> list[ToolResultContent]:
    """Image blocks for the figures of a run, as far as they fit; the others are known to it by name alone."""
    blocks: list[ToolResultContent] = []
    for name, mime in figures_of(result)[: max(min(OF_A_RUN, OF_A_JOB - shown_before), 0)]:
        kept = await artifacts.get(context.pool, context.claim.tenant_id, context.job_id, name)
        if mime not in FORMATS or kept.size > LARGEST:
            continue
        content = b"".join([piece async for piece in store.read(context.pool, kept.blob_id)])
        blocks.append({"image": {"format": FORMATS[mime], "source": {"bytes": content}}})
    return blocks
