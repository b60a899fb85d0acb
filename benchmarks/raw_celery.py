"""The floor of a drain: Celery alone, on the same kind of pool, acknowledging late and keeping no results.

`python -m benchmarks.raw_celery worker N` serves, and says in Redis when it has done N no-ops; `publish N` sends them.
"""

from __future__ import annotations

import itertools
import sys

import redis

from core.settings import Settings
from workers.celery_app import make_celery

READY, DONE = "bench:ready", "bench:done"
QUEUE = "bench"


def main() -> None:
    """Serve or publish."""
    settings = Settings.load()
    count = int(sys.argv[2])
    app = make_celery(settings)
    client = redis.from_url(settings.redis_url.get_secret_value())
    done = itertools.count(1)

    def noop(self: object, number: int) -> None:
        if number < 0:
            client.set(READY, 1)
        elif next(done) == count:
            client.set(DONE, 1)

    task = app.task(name="bench.noop", bind=True)(noop)
    if sys.argv[1] == "worker":
        app.Worker(
            pool_cls="threads",
            concurrency=2,
            queues=[QUEUE],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="WARNING",
        ).start()
        return
    with app.producer_or_acquire() as producer:
        for number in range(count):
            task.apply_async(args=(number,), queue=QUEUE, producer=producer, retry=False)


if __name__ == "__main__":
    main()
