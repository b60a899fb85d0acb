"""`python -m embedded`: start the whole service on this machine and keep it running until Ctrl-C. `make run`
comes here once the virtual environments are built.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from embedded import page
from embedded.errors import EmbeddedError
from embedded.launcher import Launcher, Plan
from embedded.places import ROOT, home_from
from embedded.screen import Screen

EPILOG = """
environment:
  ACI_HOST, ACI_PORT     where the page is (127.0.0.1, 8000)
  ACI_AUTH=keys          ask who is there; needed where ACI_HOST is not a loopback address
  ACI_HOME               folder for data, secrets and logs (var/)
  ACI_VERBOSE=1          show every process's log lines
  DATABASE_URL           use this Postgres instead of the embedded one
  REDIS_URL              use this Redis instead of the embedded one
  ACI_SANDBOX_ENDPOINT   use this sandbox server instead of the embedded one; empty means AWS
  SANDBOX_PORT           port of the embedded sandbox (8970, or a free one)
  AWS_*                  credentials and region for the models, passed on to the workers
"""


def plan_from(arguments: Sequence[str], environment: dict[str, str]) -> Plan:
    """What the command line and the environment ask for."""
    parser = argparse.ArgumentParser(
        prog="python -m embedded",
        description="Start Postgres, Redis, the sandbox, the workers and the API on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--procfile", type=Path, default=ROOT / "Procfile", help="the processes to run")
    parser.add_argument(
        "--before",
        default="python -m migrations",
        help="a command that must succeed before they start; empty for none (default: %(default)s)",
    )
    parser.add_argument("--verbose", action="store_true", help="show every process's log lines")
    chosen = parser.parse_args(arguments)
    return Plan(
        home=home_from(environment),
        procfile=chosen.procfile,
        before=tuple(shlex.split(chosen.before)),
        environment=environment,
        verbose=chosen.verbose or environment.get("ACI_VERBOSE", "") not in {"", "0"},
    )


def build_page() -> None:
    """The page first, if it has changed; the service runs without it as well, so a failure is told and no more."""
    try:
        page.build()
    except EmbeddedError as error:
        print(f"\n{error}\n", file=sys.stderr)


def main() -> int:
    """Run until asked to stop; errors that a person can act on are told in their own words."""
    try:
        plan = plan_from(sys.argv[1:], dict(os.environ))
        if plan.procfile == ROOT / "Procfile":
            build_page()
        return asyncio.run(Launcher(plan, Screen()).run())
    except EmbeddedError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the first or after the last moment at which the launcher listens
        return 130


if __name__ == "__main__":
    sys.exit(main())
