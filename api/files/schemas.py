"""What a client is told of a session's files."""

from __future__ import annotations

from pydantic import BaseModel, Field


class FileView(BaseModel):
    """One version of a file."""

    id: str
    path: str
    size: int
    sha256: str
    job_id: str | None = Field(description="The job whose code wrote it; null when it was uploaded")
    created_at: str
    replaced_at: str | None = Field(description="When a newer version came, or the file went; null for the newest")


class FileList(BaseModel):
    """Files of a session, by path."""

    items: list[FileView]
