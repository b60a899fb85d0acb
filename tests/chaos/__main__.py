"""`python -m tests.chaos --minutes 10 --seed 1`: a long run, and its table. Ends with 1 if a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.scenario import Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="of the faults and the clients; drawn where not given")
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--only", action="append", default=[], help="this fault; may be given several times")
    parser.add_argument("--patience", type=float, default=180, help="seconds for all to end after the faults")
    parser.add_argument("--logs", type=Path, default=None, help="a folder to keep the logs of all processes in")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10_000)
    print(f"seed {seed}", flush=True)
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)  # of our own pool: that Postgres goes is no news here
    with tempfile.TemporaryDirectory(prefix="aci-chaos-", ignore_cleanup_errors=True) as temporary:
        folder = arguments.logs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        plan = Plan(
            seed,
            storm_s=60 * arguments.minutes,
            customers=arguments.customers,
            patience_s=arguments.patience,
            only=tuple(arguments.only),
        )
        report = asyncio.run(run(plan, folder))
    print(report.table())
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
