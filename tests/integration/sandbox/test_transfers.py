"""Large files in and out of a sandbox: whole, in constant memory, and only while they are what they were."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from ground import LONG
from sandbox_server import KEY, SECRET, Server
from services import REPOSITORY

from core.settings import Settings
from workers.executor import transfers
from workers.executor.agentcore import CodeInterpreters, Interpreter, SandboxError, SandboxGone
from workers.executor.transfers import CannotBeRead, Seen, Transfers

MEGABYTE = 1024 * 1024

MEASURED = """
import asyncio, json, resource, secrets, sys
from pathlib import Path
from core.blobs import store
from core.database.pool import open_pool
from core.settings import Settings
from core.tenants import DEFAULT_TENANT
from workers.executor.agentcore import CodeInterpreters
from workers.executor.transfers import Seen, Transfers

database, url, key, *sizes = sys.argv[1:]
settings = Settings(DATABASE_URL=database, sandbox_endpoint=url, sandbox_credentials_file=Path(key))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def said(interpreter, code):
    return "".join(frame.stdout + frame.stderr for frame in interpreter.execute(code).frames()).strip()

async def main():
    pool = await open_pool(settings)
    interpreters = CodeInterpreters(settings)
    interpreter = await interpreters.start(600, "measured", secrets.token_hex(20))
    moved = Transfers(interpreters, interpreter, "measured")
    told = []
    for size in map(int, sizes):
        made = said(interpreter, f'''
import hashlib, os
open("big", "wb").write(os.urandom({size} << 20))
s = os.stat("big")
digest = hashlib.sha256(open("big", "rb").read()).hexdigest()
print(s.st_size, s.st_mtime_ns, s.st_ino, digest)''')
        *state, digest = made.split()
        state = [int(one) for one in state]
        async with pool.acquire() as connection, connection.transaction():
            blob = await store.write_pieces(connection, DEFAULT_TENANT, moved.out(Seen("big", state[0], state)))
        out = peak()
        said(interpreter, 'os.remove("big")')
        await moved.into("back", store.read(pool, blob.id))
        back = said(interpreter, 'print(hashlib.sha256(open("back", "rb").read()).hexdigest(), os.listdir(".aci"))')
        told.append({"size": blob.size, "same": blob.sha256.hex() == digest and back == f"{digest} []",
                     "out": out, "in": peak()})
    print(json.dumps(told))
    pool.terminate()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key.json"
    path.write_text(json.dumps({"access_key_id": KEY, "secret_access_key": SECRET}))
    return path


@pytest.fixture(scope="module")
def interpreters(server: Server, key: Path) -> CodeInterpreters:
    return CodeInterpreters(
        Settings(DATABASE_URL="x", sandbox_endpoint=server.url, sandbox_credentials_file=key)  # type: ignore[call-arg]
    )


@pytest.fixture
def interpreter(server: Server, interpreters: CodeInterpreters) -> Iterator[Interpreter]:
    client = interpreters._servers[0].new_client()
    client.start(identifier="aws.codeinterpreter.v1", name="test", session_timeout_seconds=600)
    yield Interpreter(client)
    client.stop()


@pytest.fixture
def moved(interpreters: CodeInterpreters, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> Transfers:
    monkeypatch.setattr(transfers, "PIECE", 1000)
    return Transfers(interpreters, interpreter, "job")


def said(interpreter: Interpreter, code: str) -> str:
    return "".join(frame.stdout + frame.stderr for frame in interpreter.execute(code).frames()).strip()


def seen(interpreter: Interpreter, path: str) -> Seen:
    text = said(interpreter, f"import os\ns = os.stat({path!r})\nprint(s.st_size, s.st_mtime_ns, s.st_ino)")
    size, *rest = [int(one) for one in text.split()]
    return Seen(path, size, [size, *rest])


async def whole(moved: Transfers, file: Seen) -> bytes:
    return b"".join([piece async for piece in moved.out(file)])


async def pieces(content: bytes, size: int = 700) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


SIZES = (8, 100) if LONG else (8, 48)
"""Megabytes."""


def test_a_large_file_goes_out_and_in_in_constant_memory(
    new_server: Callable[..., Server], database: str, key: Path
) -> None:
    """A file many times as large takes no more of the worker's memory, beyond what its allocator does with it."""
    server = new_server(SANDBOX_DISK_MB="256", SANDBOX_MEMORY_MB="1024")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, database, server.url, str(key), *map(str, SIZES)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    small, large = json.loads(done.stdout)
    print(small, large)
    assert (small["size"], large["size"]) == (SIZES[0] * MEGABYTE, SIZES[1] * MEGABYTE)
    assert small["same"] and large["same"]
    assert large["out"] - small["out"] < 30
    assert large["in"] - small["out"] < 40


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 2000, 5500])
async def test_a_file_comes_out_and_goes_in_as_it_is(moved: Transfers, interpreter: Interpreter, size: int) -> None:
    content = secrets.token_bytes(size)
    await moved.into('in/the middle\'s "folder"/a\\b.bin', pieces(content))
    path = 'in/the middle\'s "folder"/a\\b.bin'
    assert await whole(moved, seen(interpreter, path)) == content
    assert said(interpreter, "print(os.listdir('.aci') if os.path.isdir('.aci') else [])") == "[]"


async def test_a_file_that_changed_since_it_was_seen_is_refused(moved: Transfers, interpreter: Interpreter) -> None:
    """It grew, shrank, or was written anew with as many bytes; and the same from one piece to the next."""
    for change in (
        "open('f', 'ab').write(b'y')",
        "os.truncate('f', 1500)",
        "open('g', 'wb').write(b'y' * 5000); os.replace('g', 'f')",
        "os.remove('f')",
    ):
        said(interpreter, "open('f', 'wb').write(b'x' * 5000); None")
        file = seen(interpreter, "f")
        coming = moved.out(file)
        assert await anext(coming) == b"x" * 1000
        assert said(interpreter, change + "; None") == ""
        with pytest.raises(CannotBeRead):
            await anext(coming)
        with pytest.raises(CannotBeRead):
            await whole(moved, file)


async def test_a_small_file_that_changed_its_size_is_refused(moved: Transfers, interpreter: Interpreter) -> None:
    said(interpreter, "open('f', 'wb').write(b'x' * 500); None")
    file = seen(interpreter, "f")
    said(interpreter, "open('f', 'ab').write(b'x'); None")
    with pytest.raises(CannotBeRead):
        await whole(moved, file)


async def test_no_link_is_followed_out(moved: Transfers, interpreter: Interpreter) -> None:
    """Put in the place of the file, or of a folder on its way, after it was seen."""
    said(interpreter, "import os\nos.makedirs('real'); open('real/f', 'wb').write(b'x' * 5000); None")
    file = seen(interpreter, "real/f")
    said(interpreter, "os.rename('real', 'moved'); os.symlink('moved', 'real')")
    with pytest.raises(CannotBeRead):
        await whole(moved, file)
    said(
        interpreter,
        "os.unlink('real'); os.rename('moved', 'real'); os.rename('real/f', 'real/g'); os.link('real/g', 'h')",
    )
    said(interpreter, "os.symlink('g', 'real/f')")
    with pytest.raises(CannotBeRead):
        await whole(moved, file)
    said(interpreter, "os.unlink('real/f'); os.mkfifo('real/f')")
    with pytest.raises(CannotBeRead):
        await whole(moved, file)


async def test_a_link_that_lies_where_a_file_goes_is_replaced(moved: Transfers, interpreter: Interpreter) -> None:
    said(interpreter, "import os\nopen('kept', 'w').write('kept'); os.symlink('kept', 'f'); None")
    await moved.into("f", pieces(b"y" * 5000))
    assert (
        said(interpreter, "print(open('kept').read(), os.path.islink('f'), os.path.getsize('f'))") == "kept False 5000"
    )


async def test_where_there_is_no_room_it_is_an_error(moved: Transfers, interpreter: Interpreter) -> None:
    said(interpreter, "import os\nos.makedirs('f/in the way'); None")
    with pytest.raises(SandboxError):
        await moved.into("f", pieces(b"y" * 5000))


async def test_no_name_is_left_among_the_programs_own(moved: Transfers, interpreter: Interpreter) -> None:
    said(interpreter, "before = set(globals())")
    await moved.into("f", pieces(b"y" * 5000))
    await whole(moved, seen(interpreter, "f"))
    assert said(interpreter, "print(set(globals()) - before - {'before', 'os', 's'})").startswith(("set()", "{'_"))


async def test_a_session_that_is_gone_is_told_apart(moved: Transfers, interpreter: Interpreter) -> None:
    said(interpreter, "open('f', 'wb').write(b'x' * 5000); None")
    file = seen(interpreter, "f")
    interpreter.stop()
    with pytest.raises(SandboxGone):
        await whole(moved, file)
