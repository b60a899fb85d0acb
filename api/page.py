"""Serves the built web page: files with a digest in their name for good, the page itself always fresh.

It runs under a strict content security policy and asks no other host for anything. Without a build, `/` says how to
make one.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'"
)
"""Monaco sets inline styles; everything else comes from files of ours."""

DEFAULT_DIR = Path(__file__).parent.parent / "frontend" / "dist"

FOREVER = "public, max-age=31536000, immutable"
FRESH = "no-cache"


class Page(StaticFiles):
    """The build's files. A path of the page's own router, which no file has, gets the page itself."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith(("v1/", "assets/")) or "." in path.rpartition("/")[2]:
                raise
            path, response = "index.html", await super().get_response("index.html", scope)
        if isinstance(response, FileResponse):
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            response.headers["Cache-Control"] = FOREVER if path.startswith("assets/") else FRESH
        return response


def serve_page(app: FastAPI, folder: Path | None) -> None:
    """Serve the page at `/`, behind all routes of the API."""
    folder = folder or DEFAULT_DIR
    if (folder / "index.html").is_file():
        app.mount("/", Page(directory=folder, html=True), name="page")
    else:

        @app.get("/", include_in_schema=False)
        async def no_page() -> Response:
            return PlainTextResponse(
                "The API runs; the page is not built yet (`make run` builds it). Its description: /v1/openapi.json\n"
            )
