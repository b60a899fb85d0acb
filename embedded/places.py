"""The folders of one embedded service, all below its home (`var/`, or ACI_HOME): what must survive, what may
be deleted, and what must stay closed to others. Sockets are the exception: where the home lies too deep for
the kernel's limit on socket paths, they get a private folder among the temporary files.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded import postgres
from embedded.errors import AlreadyRunning, FolderNotWritable
from embedded.identity import Identity

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Places:
    """Where everything of one home is."""

    home: Path

    @property
    def postgres(self) -> Path:
        """The database's files are in `data` below it. Precious."""
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' working folder and configuration. Nothing in it has to last."""
        return self.home / "redis"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, drawn once. Goes with the database."""
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        """One log for each process, and the supervisor's own."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """What a running service needs: the lock, the pids, the supervisor's configuration, the sockets."""
        return self.home / "run"

    @property
    def environment(self) -> Path:
        """What the running service's programs have in their environment, for `embedded.within`. There while it runs."""
        return self.run / "environment.json"

    def prepare(self) -> None:
        """Make the folders. Raises FolderNotWritable."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            for folder in (self.postgres, self.redis, self.secrets, self.run, self.logs):
                folder.mkdir(exist_ok=True)
                _check_writable(folder)
            # The Postgres folder is open to nobody but may have to be *entered* by the account that root
            # drops to; the data in it is 0700 in any case.
            for folder in (self.redis, self.secrets, self.run, self.logs):
                folder.chmod(0o700)
        except OSError as error:
            raise _not_writable(Path(error.filename or self.home), error) from error


def home_from(environment: dict[str, str]) -> Path:
    """The home that the environment names, absolute and without links (Postgres compares its paths)."""
    return Path(environment.get("ACI_HOME") or ROOT / "var").expanduser().resolve()


def _check_writable(folder: Path) -> None:
    # access(2) lies for root on a read-only mount and for quotas; only writing tells.
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"x" * 4096)


def _not_writable(folder: Path, error: OSError) -> FolderNotWritable:
    return FolderNotWritable(
        f"Data and logs have to be kept in {folder}, which can't be written ({error.strerror}). Make it "
        "writable, or name another folder: `ACI_HOME=/path/to/folder make run`."
    )


@contextlib.contextmanager
def exclusive(places: Places) -> Iterator[None]:
    """Hold the home for as long as the service runs. Raises AlreadyRunning.

    The kernel lets go of the lock whichever way the holder ends. Children don't inherit it.
    """
    file = places.run / "lock"
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            pid, _, address = lock.read().strip().partition(" ")
            where = f" at {address}" if address else ""
            raise AlreadyRunning(
                f"The service of {places.home} is already running{where} (pid {pid or 'unknown'}). Stop that "
                "one with Ctrl-C first, or start a second one beside it: `ACI_HOME=/another/folder "
                "ACI_PORT=8001 make run`."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


@contextlib.contextmanager
def published_environment(places: Places, environment: Mapping[str, str]) -> Iterator[None]:
    """Let programs of an operator's find the databases of this run. Only the owner may read it: passwords are in it."""
    file = places.environment
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(dict(environment)))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def publish_address(places: Places, address: str) -> None:
    """Let a second start in the same home say where the first one is."""
    with (places.run / "lock").open("r+") as lock:
        lock.write(f"{os.getpid()} {address}")


@contextlib.contextmanager
def socket_folder(places: Places, identity: Identity) -> Iterator[Path]:
    """A 0700 folder for the sockets of Postgres and of the supervisor, removed at the end.

    A killed launcher leaves its folder behind; the next one removes it, by the link in `run`.
    """
    link = places.run / "sockets"
    if link.is_symlink() and link.readlink().name.startswith("aci-"):
        shutil.rmtree(link.readlink(), ignore_errors=True)
    link.unlink(missing_ok=True)
    parent: Path | None = places.run
    if identity.account is not None or not postgres.socket_folder_fits(places.run / "aci-12345678"):
        # The folder of temporary files: short, open to every account, and mkdtemp's folders in it are
        # private.
        parent = None
    folder = Path(tempfile.mkdtemp(prefix="aci-", dir=parent))
    link.symlink_to(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        link.unlink(missing_ok=True)
