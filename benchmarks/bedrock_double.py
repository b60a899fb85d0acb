"""Bedrock's double as a process of its own: `python -m benchmarks.bedrock_double PORT`.

Every model streams a program whose lines say when they were sent, by the monotonic clock that all processes of a
machine share: 20 a second for the model `steady`, for `SECONDS`, after it has thought for a moment as models do;
`quick` answers at once; `gone` is denied.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from tests.doubles.bedrock import CONTENT_TYPE, event

A_SECOND = 20
SECONDS = 12
THINKS_S = 0.5

app = FastAPI()


@app.post("/model/{model}/converse-stream")
async def converse_stream(model: str, request: Request) -> Response:
    """Answer as the model of this name does."""
    await request.body()
    if model == "gone":
        return Response(b'{"message": "no"}', 403, {"x-amzn-errortype": "AccessDeniedException"}, "application/json")
    count = 1 if model == "quick" else A_SECOND * SECONDS
    return StreamingResponse(_answer(count), media_type=CONTENT_TYPE)


async def _answer(count: int) -> AsyncIterator[bytes]:
    yield event("messageStart", {"role": "assistant"})
    if count > 1:
        await asyncio.sleep(THINKS_S)
    yield _said("```python\n")
    began = time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
        yield _said(f"# {time.monotonic():.4f};\n")
    yield _said("```\n")
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    yield event("messageStop", {"stopReason": "end_turn"})
    usage = {"inputTokens": 10, "outputTokens": count, "totalTokens": 10 + count}
    yield event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


def _said(text: str) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", lifespan="off")
