"""`/v1/sessions/{id}/history`: the conversation, to be read from its beginning."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from api.dependencies import PageDep, ServicesDep, SessionId, TenantDep, parsed
from api.routing import resource
from core.ids import Prefix
from core.jobs.states import State
from core.sessions import history
from core.sessions import repository as sessions

router = resource("/v1/sessions", "sessions")


class HistoryError(BaseModel):
    """Why a job failed."""

    title: str | None
    detail: str | None
    line: int | None = Field(description="Line of the program, where it was the program's fault")


class HistoryEntry(BaseModel):
    """One job of the session."""

    job_id: str
    agent: str
    state: State
    asked: str | None = Field(description="The prompt or task; null for what was not asked in words")
    code: str | None = Field(description="The program that was written, or run")
    said: str | None = Field(description="The explanation or answer")
    printed: str | None = Field(description="The beginning of what a run printed")
    error: HistoryError | None
    created_at: str
    finished_at: str | None


class HistoryPage(BaseModel):
    """A page of the conversation, oldest first."""

    items: list[HistoryEntry]
    next_cursor: str | None


@router.get("/{session_id}/history", response_model=HistoryPage)
async def session_history(session_id: SessionId, services: ServicesDep, tenant: TenantDep, page: PageDep) -> Any:
    """Prompts, programs, answers and runs with their outcomes, in the order in which they came."""
    await sessions.get(services.pool, tenant, session_id)
    after = parsed(Prefix.JOB, page.cursor, "/query/cursor")
    found = await history.page(services.pool, session_id, page.limit + 1, after)
    items = [entry.view() for entry in found[: page.limit]]
    return {"items": items, "next_cursor": items[-1]["job_id"] if len(found) > page.limit else None}
