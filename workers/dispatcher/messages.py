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


MOST_PICKS = 16


def picks_a_message(waiting: int, workers: int) -> int:
    """How many picks go into one message: one while there are no more of them than workers, else an even share, up to
    sixteen: a message waits for a slot for each of its picks, and nobody else can have them meanwhile.
    """
    share = max(1, waiting // max(workers, 1))
    messages = -(-share // MOST_PICKS)
    return -(-share // messages)


class Messages:
    """A producer for all queues. kombu blocks, so it works in a thread, one message group at a time."""

    def __init__(self, settings: Settings) -> None:
        self._app = make_celery(settings)
        self._lock = threading.Lock()

    async def send(self, releases: Sequence[Release], workers: int = 1) -> bool:
        """Publish the releases, `workers` processes being there to take them. False when the broker took not all.

        Each has a message of its own, but in a backlog several share one: what a message costs Celery outweighs
        what a short job costs everybody else.
        """
        return await asyncio.to_thread(self._send, releases, workers)

    def _send(self, releases: Sequence[Release], workers: int) -> bool:
        specs = agents()
        queues: dict[str, list[Release]] = {}
        for one in releases:
            queues.setdefault(specs[one.agent].queue(one.lane), []).append(one)
        try:
            with self._lock, self._app.producer_or_acquire() as producer:
                for queue, waiting in queues.items():
                    size = picks_a_message(len(waiting), workers)
                    for start in range(0, len(waiting), size):
                        picks = [(str(one.job_id), one.release) for one in waiting[start : start + size]]
                        self._app.send_task(PICK_TASK, args=(picks,), queue=queue, producer=producer, retry=False)
        except (OperationalError, OSError) as error:
            logger.warning("The broker took no message (%s); the jobs wait in Postgres.", error)
            return False
        return True

    def close(self) -> None:
        """Let the connections go."""
        self._app.close()
