"""`python -m embedded.servers -- command`: run a command with a Postgres and a Redis of its own, empty and
gone afterwards, in DATABASE_URL and REDIS_URL. For checks and scripts that need real servers and no service.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from embedded.errors import EmbeddedError
from embedded.postgres import running_postgres
from embedded.redis import running_redis


def main() -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m embedded.servers", description="A command with servers of its own."
    )
    parser.add_argument("command", nargs="+", help="the command and its words, after --")
    command: list[str] = parser.parse_args().command
    try:
        with running_postgres() as postgres, running_redis() as redis:
            servers = {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
            return subprocess.run(command, env={**os.environ, **servers}, check=False).returncode
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
