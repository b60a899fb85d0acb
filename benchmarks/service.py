"""The service for a benchmark: servers with fsync on, one dispatcher, one API and one worker of the `noop` agent."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from benchmarks.rig import folder, program, wait_for_port
from embedded.ports import free_port
from embedded.postgres import PostgresServer, running_postgres
from embedded.redis import RedisServer, running_redis

AGENTS = "benchmarks.noop:SPEC"


@dataclass
class Running:
    """What runs, and where."""

    postgres: PostgresServer
    redis: RedisServer
    port: int
    env: dict[str, str]
    logs: Path
    worker: Popen[bytes] | None
    api: Popen[bytes]


@contextlib.contextmanager
def running(*, worker: bool = True, **settings: str) -> Iterator[Running]:
    """All of it inside the block; `settings` are environment variables for every program."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(fsync=True))
        redis = stack.enter_context(running_redis())
        logs = stack.enter_context(folder())
        port = free_port()
        env = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "ACI_PORT": str(port),
            "ACI_AGENTS": AGENTS,
            "ACI_LOG_LEVEL": "WARNING",
            **settings,
        }
        with program("-m", "migrations", env=env, log=logs / "migrations") as migrations:
            if migrations.wait():
                raise RuntimeError((logs / "migrations").read_text())
        api = stack.enter_context(program("-m", "api", env=env, log=logs / "api"))
        stack.enter_context(program("-m", "workers.dispatcher", env=env, log=logs / "dispatcher"))
        started = None
        if worker:
            started = stack.enter_context(program("-m", "workers", "--pool", "noop", env=env, log=logs / "worker"))
        wait_for_port(port, api)
        try:
            yield Running(postgres, redis, port, env, logs, started, api)
        except BaseException:
            for log in sorted(logs.iterdir()):
                print(f"--- {log.name}\n{log.read_text()[-2000:]}")
            raise


def until(condition: object, patience_s: float = 60) -> None:
    """Return when `condition()` holds. Raises TimeoutError."""
    assert callable(condition)
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{condition} did not come to hold in {patience_s} s")
        time.sleep(0.02)
