"""The context of a job that has models and nothing else: no database, no session, no sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from core.events.log import Event
from core.ids import new_id
from core.jobs.lease import Claim
from core.settings import Settings
from workers.context import Context
from workers.resources import Resources


def lone_context(agent: str, settings: Settings, emit: Callable[..., None]) -> Context:
    """Of a job of that agent, whose events go to `emit`."""
    claim = Claim(
        id=(job_id := new_id()),
        tenant_id=new_id(),
        session_id=None,
        agent=agent,
        lane="interactive",
        attempt=1,
        max_attempts=3,
        input={},
        created_at=datetime.now(UTC),
        running=Event(job_id, 2, 1, datetime.now(UTC), "job.running", {"worker": "test"}),
        seconds_left=None,
    )
    return Context(claim, settings, cast(Any, None), Resources(settings), emit, asyncio.Event())
