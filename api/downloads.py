"""Sends stored bytes: with ETag and Range (RFC 9110), and so that no browser takes them for a page of ours."""

from __future__ import annotations

import re
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from core.blobs import store
from core.database.pool import Pool

INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may show in place. SVG is not here: opened by itself, it is a document that can run scripts."""

RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def download(
    request: Request, pool: Pool, blob_id: UUID, size: int, sha256: bytes, *, name: str, mime: str
) -> Response:
    """The answer with a blob's bytes, or with the one range of them that was asked for."""
    etag = f'"{sha256.hex()[:32]}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": _disposition(name, inline=mime in INLINE),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    wanted = RANGE.match(request.headers.get("range", ""))
    if wanted and any(wanted.groups()) and request.headers.get("if-range", etag) == etag:
        span = _span(wanted[1], wanted[2], size)
        if span is None:
            return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
        start, stop = span
        headers |= {"Content-Range": f"bytes {start}-{stop - 1}/{size}", "Content-Length": str(stop - start)}
        return StreamingResponse(store.read(pool, blob_id, start, stop), 206, headers, mime)
    headers["Content-Length"] = str(size)
    return StreamingResponse(store.read(pool, blob_id), 200, headers, mime)


def _span(first: str, last: str, size: int) -> tuple[int, int] | None:
    """The bytes from, and up to but not including; None when there are none such (RFC 9110, 14.1.2)."""
    if not first:  # the last so many
        count = min(int(last), size)
        return (size - count, size) if count else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    return (start, stop) if start < stop else None


def _disposition(name: str, *, inline: bool) -> str:
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}"
