"""Puts releases on Celery's queues. What can't be sent now is sent again by the dispatcher's next look."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

from kombu.exceptions import OperationalError

from core.agents.registry import agents
from core.jobs.release import Release
from core.settings import Settings
from workers.celery_app import PICK_TASK, make_celery

logger = logging.getLogger(__name__)


class Messages:
    """A producer for all queues. kombu blocks, so it works in a thread, one message group at a time."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_celery(settings)
        self._lock = threading.Lock()

    async def send(self, releases: Sequence[Release]) -> bool:
        """Publish each release as a message of its own. False when the broker did not take them all."""
        return await asyncio.to_thread(self._send, releases)

    def _send(self, releases: Sequence[Release]) -> bool:
        specs = agents()
        try:
            with self._lock, self._app.producer_or_acquire() as producer:
                for one in releases:
                    self._app.send_task(
                        PICK_TASK,
                        args=([(str(one.job_id), one.release)],),
                        queue=specs[one.agent].queue(one.lane),
                        producer=producer,
                        retry=False,
                    )
        except (OperationalError, OSError) as error:
            logger.warning("The broker took no message (%s); the jobs wait in Postgres.", error)
            return False
        return True

    def close(self) -> None:
        """Let the connections go."""
        self._app.close()
