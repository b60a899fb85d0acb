"""Looks at every part that the service stands on, from where the service runs, and says what to do.

A check never raises and never waits long; what it says holds no secret. The parts are those of one process's settings,
so it has to run in the service's environment.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg
import redis.asyncio
from redis.exceptions import AuthenticationError, RedisError

from core.agents import registry
from core.agents.registry import agents, pools
from core.database.pool import DATABASE_FAULTS, OwnConnection, prepare
from core.database.revisions import newest_revision, revision_of
from core.operating.shown import address, all_settings
from core.settings import Settings
from core.workers import repository as workers
from core.workers.repository import Worker

Status = Literal["ok", "failed", "skipped"]

CANNOT: tuple[type[Exception], ...] = (*DATABASE_FAULTS, TimeoutError, ValueError)
REDIS_CANNOT: tuple[type[Exception], ...] = (RedisError, *CANNOT)
PATIENCE_S = 5.0
SKEW_S = 2.0
LEAST_DISK = 1 << 30
FEW_FILES = 4096
STUCK_S = 15.0
"""A job that could run and was not given to a worker for so long waits for a dispatcher."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one part."""

    name: str
    status: Status
    detail: str
    advice: str = ""

    def view(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def ok(name: str, detail: str) -> Check:
    """All is well with it."""
    return Check(name, "ok", detail)


def failed(name: str, detail: str, advice: str) -> Check:
    """It is not well, and what to do."""
    return Check(name, "failed", detail, advice)


async def all_checks() -> list[Check]:
    """Every check, in the order in which it makes sense to mend them."""
    wrong = [one for one in all_settings() if one.problem is not None]
    if wrong:
        what = "; ".join(f"{one.name}: {one.problem}" for one in wrong)
        return [failed("settings", what, "Set these anew, or unset them; `aci settings` says what each is for.")]
    settings = Settings()
    found = [ok("settings", "all can be used"), *_plugins()]
    found += await _postgres(settings)
    found += await _redis(settings)
    return [*found, _disk(), _files()]


def _plugins() -> Iterator[Check]:
    there = registry.found()
    for refusal in there.refused:
        advice = "Mend or remove it, and start everything again."
        yield failed(f"package {refusal.package.partition(' ')[0]}", str(refusal), advice)
    for name, package in there.packages.items():
        yield ok(f"agent {name}", f"is brought by {package}")


# --- Postgres, and what its rows tell ---------------------------------------------------------------------

BEHIND_POSTGRES = ("migrations", "clock", "workers", "dispatcher", "model", "sandbox")


async def _postgres(settings: Settings) -> list[Check]:
    where = address(settings.database_url.get_secret_value())
    found: list[Check] = []
    try:
        async with asyncio.timeout(PATIENCE_S), _connected(settings) as connection:
            found.append(ok("postgres", f"PostgreSQL {await connection.fetchval('SHOW server_version')} at {where}"))
            schema = await _migrations(connection)
            found += [schema, await _clock(connection)]
            if schema.status != "ok":
                return found + [
                    Check(name, "skipped", "its tables are not as they should be") for name in BEHIND_POSTGRES[2:]
                ]
            alive = await workers.alive(connection)
            found += [*_workers(alive), await _dispatcher(connection)]
            return found + [_described(part, alive) for part in ("model", "sandbox")]
    except CANNOT as error:
        advice = "Start Postgres, and set DATABASE_URL as the service has it; `aci settings` shows where it comes from."
        found = [failed("postgres", f"can't be used at {where}: {_said(error)}", advice)]
        return found + [Check(name, "skipped", "Postgres can't be asked") for name in BEHIND_POSTGRES]


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[OwnConnection]:
    connection: OwnConnection = await asyncpg.connect(settings.database_url.get_secret_value(), timeout=PATIENCE_S)
    try:
        await prepare(connection)
        yield connection
    finally:
        connection.terminate()


def _said(error: BaseException) -> str:
    """Its first line. Of an address that can't be read nothing is repeated: it may be a password that is in the way."""
    if isinstance(error, ValueError):
        return "the address can't be read; a password in it has to be percent-encoded"
    return (str(error).strip().splitlines() or [f"no answer within {PATIENCE_S:g} s"])[0]


async def _migrations(connection: OwnConnection) -> Check:
    wanted = newest_revision()
    there = await revision_of(connection)
    if there is None:
        return failed("migrations", "the database has no tables yet", "Run `python -m migrations`.")
    if wanted is None:
        return Check("migrations", "skipped", f"the database is at {there}; the migrations are not installed here")
    if there < wanted:
        return failed(
            "migrations", f"the database is at {there}, the code wants {wanted}", "Run `python -m migrations`."
        )
    if there > wanted:
        return failed(
            "migrations",
            f"the database is at {there}, the code knows no more than {wanted}",
            "Start the newer version.",
        )
    return ok("migrations", f"the database is at {there}, as the code wants it")


async def _clock(connection: OwnConnection) -> Check:
    before = time.time()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    skew = theirs.timestamp() - (before + time.time()) / 2
    if abs(skew) > SKEW_S:
        return failed(
            "clock",
            f"this machine's clock is {abs(skew):.1f} s {'behind' if skew > 0 else 'ahead of'} that of Postgres",
            "Set both by NTP: keys, sign-ins and tokens end by one clock, jobs and days by the other.",
        )
    return ok("clock", f"differs from that of Postgres by {abs(skew) * 1000:.0f} ms")


def _workers(alive: list[Worker]) -> Iterator[Check]:
    for pool, specs in pools().items():
        mine = [worker for worker in alive if worker.pool == pool]
        serving = ", ".join(spec.name for spec in specs)
        if mine:
            slots = sum(worker.slots for worker in mine)
            yield ok(f"workers of {pool}", f"{len(mine)} processes, {slots} slots, serving {serving}")
        else:
            yield failed(
                f"workers of {pool}",
                f"no process is alive; jobs for {serving} wait",
                f"Start one: `python -m workers --pool {pool}`. If it ends by itself, its log says why.",
            )


STUCK = """
SELECT count(*) FROM jobs JOIN tenants ON tenants.id = tenant_id
WHERE state = 'queued' AND ready AND released_at IS NULL AND agent = ANY($1::text[])
  AND greatest(jobs.created_at, run_at) < now() - make_interval(secs => $2) AND NOT limits ? 'running_jobs'
  AND NOT EXISTS (SELECT FROM jobs AS busy WHERE busy.agent = jobs.agent
                  AND (busy.state = 'running' OR (busy.state = 'queued' AND busy.released_at IS NOT NULL)))
  AND EXISTS (SELECT FROM workers WHERE jobs.agent = ANY(workers.agents) AND NOT stopping
              AND heartbeat_at > now() - interval '15 seconds')
"""


async def _dispatcher(connection: OwnConnection) -> Check:
    """There is no row of a dispatcher: it is known by what it does."""
    waiting = await connection.fetchval(STUCK, list(agents()), STUCK_S)
    if waiting:
        return failed(
            "dispatcher",
            f"{waiting} jobs wait although workers are idle",
            "Start a dispatcher: `python -m workers.dispatcher`. If one runs, its log says what keeps it.",
        )
    return ok("dispatcher", "no job waits that could run")


def _described(part: str, alive: list[Worker]) -> Check:
    """What the newest worker that knows says of itself."""
    said = next((worker.info[part] for worker in reversed(alive) if part in worker.info), None)
    if said is None:
        return Check(part, "skipped", "no worker that could tell is alive")
    detail = str(said["detail"])
    if part == "model":
        if said["model"] is None:
            return failed(part, detail, "Set ACI_MODELS as docs/models.md says.")
        if said.get("status", "ok") != "ok":
            return failed(part, detail, "docs/models.md says more; `GET /v1/models` has each model's last error.")
        return ok(part, detail)
    if said["status"] == "ok":
        return ok(part, detail)
    return failed(part, detail, "See docs/sandbox.md; ACI_SANDBOX_ENDPOINT says where it is, empty means AWS.")


# --- Redis ------------------------------------------------------------------------------------------------


async def _redis(settings: Settings) -> list[Check]:
    url = settings.redis_url.get_secret_value()
    where = address(url)
    try:
        async with asyncio.timeout(PATIENCE_S), redis.asyncio.from_url(url) as client:
            version = (await client.info("server"))["redis_version"]
    except AuthenticationError:
        return [failed("redis", f"refuses the password at {where}", "Set REDIS_URL with its password.")]
    except REDIS_CANNOT as error:
        advice = "Start Redis, and set REDIS_URL as the service has it. Until then jobs are accepted and wait."
        return [failed("redis", f"can't be used at {where}: {_said(error)}", advice)]
    return [ok("redis", f"Redis {version} at {where}"), await _redis_password(url)]


async def _redis_password(url: str) -> Check:
    """Whether somebody without the password is let in: whoever can write there can send workers messages."""
    pool = redis.asyncio.ConnectionPool.from_url(url)
    for name in ("username", "password"):
        pool.connection_kwargs.pop(name, None)
    try:
        async with asyncio.timeout(PATIENCE_S), redis.asyncio.Redis(connection_pool=pool) as stranger:
            await stranger.ping()
    except REDIS_CANNOT:
        return ok("redis password", "nobody is let in without one")
    finally:
        await pool.disconnect()
    return failed(
        "redis password",
        "anybody who can connect is let in, and can send messages to the workers",
        "Set `requirepass` in redis.conf, and the password in REDIS_URL.",
    )


# --- this machine -----------------------------------------------------------------------------------------


def _disk() -> Check:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GB are free in {folder} on {socket.gethostname()}"
    if free < LEAST_DISK:
        return failed("disk", found, "Make room: uploads are kept there while they come. Look at Postgres' disk too.")
    return ok("disk", found)


def _files() -> Check:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FEW_FILES:
        most = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
        return failed(
            "open files",
            f"a process started here may have {soft} open",
            f"Before the API starts: `ulimit -n {FEW_FILES}` or more (up to {most}). Each live stream takes one.",
        )
    return ok("open files", f"a process started here may have {'any number' if soft < 0 else soft} open")
