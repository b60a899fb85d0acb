"""Under whose name Postgres runs. It refuses root, and `initdb` refuses a uid without an entry in the account
database; a user namespace that maps us to an existing account answers both without changing the owner of one
file. Where such namespaces are forbidden (many containers), root drops to an account of its own instead.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import NoAccount

# Accounts that Postgres may run as when root has to drop to one, best first.
ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Identity:
    """How to start a program so that it runs under a name which Postgres accepts."""

    prefix: tuple[str, ...] = ()
    """Words put before the command: the call of unshare(1), or nothing."""

    account: str | None = None
    """The account to drop to with setuid; None leaves the uid alone."""

    def command(self, words: Sequence[str | Path]) -> list[str]:
        """The command as it has to be executed, without the change of account (see `account`)."""
        return [*self.prefix, *map(str, words)]

    def own_folder(self, folder: Path) -> None:
        """Give an empty folder, or a file, to the account; nothing to do where the uid stays ours."""
        entry = self._entry()
        if entry is not None:
            os.chown(folder, entry.pw_uid, entry.pw_gid)

    def run(
        self, words: Sequence[str | Path], *, env: Mapping[str, str], input: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a short program under this identity and capture its output as text."""
        entry = self._entry()
        return subprocess.run(
            self.command(words),
            input=input,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=dict(env),
            user=entry and entry.pw_uid,
            group=entry and entry.pw_gid,
            extra_groups=None if entry is None else [],
        )

    def _entry(self) -> pwd.struct_passwd | None:
        return None if self.account is None else pwd.getpwnam(self.account)

    def popen_options(self) -> dict[str, object]:
        """Keyword arguments for `subprocess.Popen` that make the change of account."""
        entry = self._entry()
        if entry is None:
            return {}
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def has_account(uid: int) -> bool:
    """Whether the uid has an entry in the account database."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


@functools.cache
def namespace_prefix() -> tuple[str, ...] | None:
    """The unshare(1) call that maps us to an existing ordinary account, or None where the machine forbids it.

    unshare executes the program without a fork, so pid and signals stay those of the program.
    """
    unshare = shutil.which("unshare")
    entry = _mapped_account()
    if unshare is None or entry is None:
        return None
    prefix = (unshare, "--user", f"--map-user={entry.pw_uid}", f"--map-group={entry.pw_gid}", "--")
    try:
        probe = subprocess.run([*prefix, "true"], capture_output=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return prefix if probe.returncode == 0 else None


def _mapped_account() -> pwd.struct_passwd | None:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("nobody")
    return next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)


def identity_for_postgres(*, namespaces: bool = True) -> Identity:
    """The identity that initdb and postgres are started with.

    `namespaces=False` leaves user namespaces out, as on a machine that forbids them.
    Raises NoAccount where neither a namespace nor another account can be had.
    """
    uid = os.geteuid()
    if uid != 0 and has_account(uid):
        return Identity()
    prefix = namespace_prefix() if namespaces else None
    if prefix is not None:
        return Identity(prefix=prefix)
    if uid != 0:
        raise NoAccount(
            f"Postgres can't start because uid {uid} has no account on this machine (no entry in "
            "/etc/passwd). Run as a user that has one, or set DATABASE_URL to a Postgres of your own."
        )
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            if pwd.getpwnam(name).pw_uid != 0:
                return Identity(account=name)
    raise NoAccount(
        "Postgres refuses to run as root, and this machine has neither user namespaces nor an account "
        "to drop to. Run `make run` as an ordinary user, or set DATABASE_URL to a Postgres of your own."
    )
