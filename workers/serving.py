"""Serves one pool until it is told to stop: the worker process, and Celery, which hands it its picks."""

from __future__ import annotations

import logging
import os
import sys

import asyncpg
from celery import signals

from core.jobs.states import Lane
from core.settings import Settings
from workers.celery_app import make_celery, serve_picks
from workers.process import WorkerProcess

logger = logging.getLogger(__name__)


def serve(settings: Settings, pool: str) -> int:
    """Serve the pool's agents. Returns only where the process can't start; else it ends the program itself."""
    process = WorkerProcess(settings, pool)
    try:
        process.start()
    except (OSError, asyncpg.PostgresError) as error:
        print(f"The worker can't start: {error}. Is DATABASE_URL right, and does Postgres run?", file=sys.stderr)
        return 2
    app = make_celery(settings)
    serve_picks(app, process)
    signals.worker_shutting_down.connect(lambda **_: process.take_no_more(), weak=False)
    queues = [spec.queue(lane) for spec in process.specs.values() for lane in Lane]
    logger.info("Worker %s serves %s with %d slots.", process.name, ", ".join(process.specs), settings.worker_slots)
    # One thread waits with a pick for a free slot, the other takes what comes meanwhile.
    worker = app.Worker(
        hostname=process.name,
        pool_cls="threads",
        concurrency=2,
        queues=queues,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel=settings.log_level,
        quiet=True,
    )
    exit_code = 1
    try:
        worker.start()
        exit_code = int(worker.exitcode or 0)
    except Exception:
        logger.exception("The worker's consumer failed.")
    finally:
        process.stop()
        logging.shutdown()
        # Not sys.exit: it would wait for threads in which a library still waits for a model that says nothing.
        os._exit(exit_code)
