"""`python -m workers.dispatcher`: releases jobs to the workers and keeps watch over leases and deadlines.

Start one, or several for safety: for each pool of workers one of them plans at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable

import asyncpg
import uvloop

from core.agents.registry import pools, tell_refusals
from core.channels import NEW_WORK
from core.database.pool import ALWAYS_BY_INDEX, DATABASE_FAULTS, connect, open_pool
from core.events.publisher import Publisher
from core.log import configure_logging
from core.settings import Settings
from workers.dispatcher.messages import Messages
from workers.dispatcher.planner import Planner
from workers.dispatcher.upkeep import (
    REAP_EVERY_S,
    RECONCILE_EVERY_S,
    TIDY_EVERY_S,
    Reaper,
    Reconciler,
    forever,
    remove_deleted,
    tidy,
)

logger = logging.getLogger(__name__)

RECONNECT_S = 1.0


async def listen(settings: Settings, wake: Callable[[str], None]) -> None:
    """Wake the planner of whichever pool somebody rings for ("" is all); come back when the connection breaks."""
    gone = asyncio.Event()
    while True:
        try:
            connection = await connect(settings)
            try:
                gone.clear()
                connection.add_termination_listener(lambda _: gone.set())
                await connection.add_listener(NEW_WORK, lambda _connection, _pid, _channel, pool: wake(str(pool)))
                wake("")  # whatever rang while nobody listened
                await gone.wait()
            finally:
                connection.terminate()
        except DATABASE_FAULTS as error:
            logger.warning("Not listening for new jobs (%s); looking every second.", error)
        await asyncio.sleep(RECONNECT_S)


async def dispatch(settings: Settings) -> None:
    """Run all loops until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pool = await open_pool(settings, planning=ALWAYS_BY_INDEX)
    messages = Messages(settings)
    planners = {name: Planner(pool, messages, name, settings.limit_running_jobs) for name in pools()}

    def wake(name: str = "") -> None:
        for planner in [planners[name]] if name in planners else planners.values():
            planner.wake()

    reconciler = Reconciler(list(planners.values()), settings)
    try:
        async with Publisher(settings) as publisher, asyncio.TaskGroup() as group:
            reaper = Reaper(pool, publisher, settings, wake)
            loops = [group.create_task(planner.run()) for planner in planners.values()]
            loops += [
                group.create_task(listen(settings, wake)),
                group.create_task(forever(REAP_EVERY_S, reaper.reap, reaper.be_patient)),
                group.create_task(forever(RECONCILE_EVERY_S, reconciler.reconcile, wake)),
                group.create_task(forever(settings.upkeep_every_s, lambda: remove_deleted(pool), wake)),
                group.create_task(forever(TIDY_EVERY_S, lambda: tidy(pool), wake)),
            ]
            logger.info("Dispatching for the pools %s.", ", ".join(pools()))
            await stop.wait()
            for loop in loops:
                loop.cancel()
    finally:
        await reconciler.close()
        messages.close()
        pool.terminate()


def main() -> int:
    argparse.ArgumentParser(prog="python -m workers.dispatcher", description=__doc__).parse_args()
    settings = Settings.load()
    configure_logging(settings.log_level)
    tell_refusals()
    try:
        uvloop.run(dispatch(settings))
    except (OSError, asyncpg.PostgresError) as error:
        print(f"The dispatcher can't start: {error}. Is DATABASE_URL right, and does Postgres run?", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
