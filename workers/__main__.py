"""`python -m workers --pool NAME`: one worker process of a pool. Start as many as there is work for."""

from __future__ import annotations

import argparse
import logging
import sys

import asyncpg

from core.agents.registry import pools
from core.jobs.states import Lane
from core.log import configure_logging
from core.settings import Settings
from workers.celery_app import make_celery, serve_picks
from workers.process import WorkerProcess

logger = logging.getLogger(__name__)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--pool", required=True, choices=sorted(pools()), help="which agents to serve")
    pool = parser.parse_args().pool
    settings = Settings.load()
    configure_logging(settings.log_level)
    process = WorkerProcess(settings, pool)
    try:
        process.start()
    except (OSError, asyncpg.PostgresError) as error:
        print(f"The worker can't start: {error}. Is DATABASE_URL right, and does Postgres run?", file=sys.stderr)
        return 2
    app = make_celery(settings)
    serve_picks(app, process)
    queues = [spec.queue(lane) for spec in process.specs.values() for lane in Lane]
    logger.info("Worker %s serves %s with %d slots.", process.name, ", ".join(process.specs), settings.worker_slots)
    try:
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
        )
        worker.start()
    finally:
        process.stop()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
