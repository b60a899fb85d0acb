"""`python -m workers --pool NAME`: one worker process of a pool. Start as many as there is work for."""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from core.agents.registry import pool_agents, pool_names, tell_refusals
from core.log import configure_logging
from core.settings import Settings

logger = logging.getLogger(__name__)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--pool", required=True, choices=pool_names(), help="which agents to serve")
    pool = parser.parse_args().pool
    settings = Settings.load()
    configure_logging(settings.log_level)
    tell_refusals()
    if not pool_agents(pool):
        return idle(pool)
    # Only now, for the idle one shall cost next to nothing.
    from workers.serving import serve

    return serve(settings, pool)


def idle(pool: str) -> int:
    """Wait to be stopped, where no agent is installed that the pool would serve: whoever starts all pools starts this
    one too, and an end would be taken for a crash.
    """
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    logger.info("No installed package brings an agent for the pool %s: nothing to serve.", pool)
    signal.sigwait(stops)
    return 0


if __name__ == "__main__":
    sys.exit(main())
