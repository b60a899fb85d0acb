"""`/v1/sessions/{id}/files`: what the session's code finds in its working directory, and what it wrote there.

Uploads are spooled before a transaction begins, so a slow client holds no database connection.
"""

from __future__ import annotations

import mimetypes
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, cast

from fastapi import Query, Request, Response, UploadFile

from api.dependencies import ServicesDep, SessionId, TenantDep, parsed
from api.downloads import download
from api.files.schemas import FileList, FileView
from api.routing import resource
from core.errors import InvalidInput
from core.files import repository as files
from core.files.paths import checked_path
from core.ids import Prefix
from core.limits.model import Allowance
from core.sessions import repository as sessions

router = resource("/v1/sessions/{session_id}/files", "files")

IN_MEMORY = 1024 * 1024
MOST_AT_ONCE = 50


@router.get("", response_model=FileList)
async def list_files(
    session_id: SessionId,
    services: ServicesDep,
    tenant: TenantDep,
    versions: Annotated[bool, Query(description="Also older versions, and files that a program deleted")] = False,
) -> Any:
    """All files, by path."""
    await sessions.get(services.pool, tenant, session_id)
    find = files.versions if versions else files.current
    return {"items": [file.view() for file in await find(services.pool, tenant, session_id)]}


@router.post("", status_code=201, response_model=FileList)
async def upload_files(
    session_id: SessionId, services: ServicesDep, tenant: TenantDep, request: Request, file: list[UploadFile]
) -> Any:
    """Upload files as a form (`multipart/form-data`, each in a field `file`)."""
    if len(file) > MOST_AT_ONCE:
        raise InvalidInput(f"No more than {MOST_AT_ONCE} files at once.", "/file")
    paths = [checked_path(each.filename or "", f"/file/{place}") for place, each in enumerate(file)]
    stored = []
    for path, each in zip(paths, file, strict=True):
        kept, _ = await files.put(services.pool, tenant, session_id, path, each.file, _limit(request))
        stored.append(kept.view())
    return {"items": stored}


@router.put("/{path:path}", response_model=FileView, responses={201: {"model": FileView}})
async def put_file(
    session_id: SessionId, path: str, services: ServicesDep, tenant: TenantDep, request: Request, response: Response
) -> Any:
    """Upload a file: the body is its content. A file that is there becomes an older version."""
    checked_path(path, "/path/path")
    await sessions.get(services.pool, tenant, session_id)
    with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
        async for piece in request.stream():
            spool.write(piece)
        spool.seek(0)
        kept, is_new = await files.put(services.pool, tenant, session_id, path, cast(IO[bytes], spool), _limit(request))
    response.status_code = 201 if is_new else 200
    return kept.view()


@router.get("/{path:path}", response_class=Response)
async def get_file(
    session_id: SessionId,
    path: str,
    services: ServicesDep,
    tenant: TenantDep,
    request: Request,
    file_id: Annotated[str | None, Query(description="An older version, as a job's result names it")] = None,
) -> Response:
    """Download a file."""
    await sessions.get(services.pool, tenant, session_id)
    version = parsed(Prefix.FILE, file_id, "/query/file_id")
    file = await files.get(services.pool, tenant, session_id, path, version)
    mime = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return download(request, services.pool, file.blob_id, file.size, file.sha256, name=path, mime=mime)


@router.delete("/{path:path}", status_code=204)
async def delete_file(session_id: SessionId, path: str, services: ServicesDep, tenant: TenantDep) -> None:
    """Delete a file."""
    await files.delete(services.pool, tenant, session_id, path)


def _limit(request: Request) -> int | None:
    """Bytes that the tenant may have stored."""
    allowance: Allowance = request.scope["allowance"]
    return allowance.storage_bytes
