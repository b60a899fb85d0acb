#!/opt/aci/venv/bin/python
"""`aci-health api|sandbox|worker|plugins|dispatcher`: whether its container does its work; exit status 0 or 1.

It asks what the part itself says, or what it has written in Postgres lately: a process that hangs is not healthy. It
runs every few seconds in every container, so it imports no more than it needs.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path

TIMEOUT_S = 4.0

# A worker's row is renewed with its leases (core/workers); one that is stopping takes no more work.
WORKER = """
SELECT EXISTS (SELECT FROM workers
               WHERE hostname = $1 AND heartbeat_at > now() - interval '15 seconds' AND NOT stopping)
"""
# The dispatcher listens for new work on a connection of its own, from this container's address.
DISPATCHER = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE client_addr = inet_client_addr() AND query ILIKE 'listen%' AND pid <> pg_backend_pid())
"""


class Unhealthy(Exception):
    """The reason, in words."""


def answer(url: str) -> dict[str, object]:
    """The JSON document at that address. Raises Unhealthy for any status but 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as response:
            document = json.load(response)
    except urllib.error.HTTPError as refusal:
        raise Unhealthy(f"{url} answers {refusal.code}: {refusal.read(300)!r}") from None
    except (OSError, ValueError) as error:
        raise Unhealthy(f"{url}: {error}") from None
    return document if isinstance(document, dict) else {}


def api() -> None:
    """It can take jobs: readiness is 503 without Postgres."""
    answer("http://127.0.0.1:8000/readyz")


def sandbox() -> None:
    """It runs code; one that refuses to, because it can't confine it, is up and not healthy."""
    said = answer("http://127.0.0.1:8970/healthz")
    if said.get("status") != "ok":
        raise Unhealthy(json.dumps(said))


async def _holds(query: str, *arguments: object) -> bool:
    import asyncpg
    from start import environment_of

    url = environment_of(os.environ)["DATABASE_URL"]
    async with asyncio.timeout(TIMEOUT_S):
        connection = await asyncpg.connect(url)
        try:
            return bool(await connection.fetchval(query, *arguments))
        finally:
            connection.terminate()


def worker() -> None:
    """Its heartbeat is in Postgres."""
    if not asyncio.run(_holds(WORKER, socket.gethostname())):
        raise Unhealthy("no heartbeat of this worker in the last 15 seconds")


def plugins() -> None:
    """A worker, where a package is installed whose agents it serves; else it only waits, and that is well."""
    from importlib.metadata import entry_points

    if entry_points(group="aci.agents"):
        sys.path.insert(0, str(Path.cwd()))
        from core.agents.registry import pool_agents

        if pool_agents("plugins"):
            worker()


def dispatcher() -> None:
    """It listens for new work."""
    if not asyncio.run(_holds(DISPATCHER)):
        raise Unhealthy("it does not listen for new work")


HERE = str(Path(__file__).resolve().parent)
CHECKS = {"api": api, "sandbox": sandbox, "worker": worker, "plugins": plugins, "dispatcher": dispatcher}


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: aci-health {'|'.join(CHECKS)}")
    sys.path.insert(0, HERE)  # by its link's name it would look for `start` beside the link
    try:
        CHECKS[sys.argv[1]]()
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
