"""Tells watchers of new events over Redis, after their commit. A hint: whoever misses it reads Postgres."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from core.channels import EVENTS
from core.events.log import Event
from core.events.news import News, packed
from core.settings import Settings
from core.telling import Teller

logger = logging.getLogger(__name__)

BACKLOG = 2000
"""News that wait at most while Redis does not answer; what comes on top is dropped."""
BACKLOG_CHARACTERS = 8 * 1024 * 1024
"""Of events that come along with waiting news; beyond it only their numbers are told."""
MOST_AT_ONCE = 250
MOST_CHARACTERS_AT_ONCE = 512 * 1024


class Publisher(Teller):
    """Telling is synchronous and never fails; the sending happens in a task of its own."""

    channel = EVENTS
    meanwhile = "watchers read events from Postgres meanwhile"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._waiting: deque[News] = deque()
        self._size = 0

    def events(self, events: Iterable[Event]) -> None:
        """Publish committed events, in order."""
        for job_id, group in groupby(events, key=lambda event: event.job_id):
            lines = [(event.seq, event.type, event.line()) for event in group]
            self._put(News(job_id, lines[-1][0], lines))

    def moved(self, job_id: UUID, seq: int) -> None:
        """Publish that a job has events up to `seq`, for those that are read from Postgres (state changes); 0 says
        that there are some.
        """
        self._put(News(job_id, seq))

    def changed(self, session_id: UUID) -> None:
        """Publish that a job came to a session, or that it is shown differently."""
        self._put(News(None, session_id=session_id))

    def _put(self, news: News) -> None:
        if len(self._waiting) >= BACKLOG:
            logger.debug("Redis is behind; watchers will read from Postgres.")
            return
        if self._size >= BACKLOG_CHARACTERS:
            news.lines.clear()
        self._size += news.size
        self._waiting.append(news)
        self._wake()

    def _next(self) -> bytes | None:
        """As much as goes into one message."""
        batch: list[News] = []
        size = 0
        while self._waiting and len(batch) < MOST_AT_ONCE and size < MOST_CHARACTERS_AT_ONCE:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        self._size -= size
        return packed(batch) if batch else None
