"""What a client is told of a session's files."""

from __future__ import annotations

from pydantic import BaseModel, Field


class FileView(BaseModel):
    """The newest version of a file."""

    id: str
    path: str
    size: int
    sha256: str
    job_id: str | None = Field(description="The job whose code wrote it; null when it was uploaded")
    created_at: str


class FileList(BaseModel):
    """All files that a session has now, by path."""

    items: list[FileView]
