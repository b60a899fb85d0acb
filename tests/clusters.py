"""Postgres for tests, on a copy of data that was made once for all workers of a run: to make it anew takes half a
second of the processor, to copy it a tenth.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import shutil
import subprocess
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

import migrations.__main__ as migrations
from embedded.identity import identity_for_postgres
from embedded.postgres import PostgresServer, running_postgres

MIGRATED = "migrated"
"""The database of it that has the newest schema, to make others like it."""
MIGRATE = Namespace(down=None, generate=None, check=False)

MEMORY = Path("/dev/shm")
LEFT_FREE = 4 << 30
"""Bytes of it that must be free, of which a run takes a tenth."""


async def made_once(folder: Path) -> Path:
    """The home of a server that has stopped, with the database of the newest schema; whoever comes first makes it."""
    home = folder / "postgres"
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            with _room() as room:
                with running_postgres(room) as server:
                    assert await migrations.run(await like("template1", MIGRATED, server), MIGRATE) == 0
                await asyncio.to_thread(_copy, room, folder / "unfinished")
                (folder / "unfinished").rename(home)
    return home


async def like(template: str, name: str, server: PostgresServer) -> str:
    """Make a database like another, and give its address."""
    connection = await asyncpg.connect(server.url)
    try:
        # By its files, and not page by page through the log.
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    finally:
        await connection.close()
    return urlsplit(server.url)._replace(path=f"/{name}").geturl()


@contextlib.contextmanager
def postgres_like(made: Path | None, settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """A server on a copy of that home, or on new data; gone with the block."""
    with _room() as room:
        if made is not None:
            _copy(made, room)
        with running_postgres(room, settings=settings) as server:
            yield server


def _copy(home: Path, to: Path) -> None:
    """With owners and rights, as root."""
    subprocess.run(["cp", "-a", home, to], check=True)


@contextlib.contextmanager
def _room() -> Iterator[Path]:
    """Where a home can be: in memory, if there is room, since a disk's thousand small files take the longest."""
    another = identity_for_postgres().account is not None
    in_memory = not another and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > LEFT_FREE
    with tempfile.TemporaryDirectory(prefix="aci-pg-", dir=MEMORY if in_memory else None) as folder:
        if another:  # as which root has to run Postgres where it may make no user namespace
            Path(folder).chmod(0o711)
        yield Path(folder) / "home"
