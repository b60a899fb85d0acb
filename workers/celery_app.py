"""Celery, kept to what it is good at: carrying one small message to the right pool of processes.

A message is a list of picks, `[[job id, release], …]`. There are no results, no retries, no countdowns and no
priorities here: all of these are decided in Postgres, and a message may vanish or come twice without harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import Celery
from celery.exceptions import Reject

from core.settings import Settings

if TYPE_CHECKING:
    from workers.process import WorkerProcess

PICK_TASK = "aci.pick"

SOCKET_TIMEOUT_S = 5.0
"""A Redis that does not answer is given up soon; kombu's own default hangs for most of a minute."""


def make_celery(settings: Settings) -> Celery:
    """The Celery application of a worker, or of the dispatcher that publishes to it."""
    app = Celery("aci", broker=settings.redis_url.get_secret_value(), set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_timeout": SOCKET_TIMEOUT_S,
            "socket_connect_timeout": SOCKET_TIMEOUT_S,
            "socket_keepalive": True,
            # A message whose worker died is worthless after a minute: the dispatcher has sent another.
            "visibility_timeout": 60,
        },
    )
    return app


def serve_picks(app: Celery, process: WorkerProcess) -> None:
    """Register the task that hands picks to the process and returns.

    It waits while the process has no free slot, so that the broker gives the next message to one that has. A
    process that is stopping rejects its picks, and they go back to the queue.
    """

    def pick(self: Any, picks: Sequence[tuple[str, int]]) -> None:
        if not process.offer([(UUID(job_id), release) for job_id, release in picks]):
            raise Reject("the worker is stopping", requeue=True)

    app.task(name=PICK_TASK, bind=True)(pick)
