#!/opt/aci/venv/bin/python
"""Entry point of the containers: hands the program its secrets, which come as files, and becomes it.

The container's own settings name files only, so `docker inspect` shows no secret. Host and user of a database are in
DATABASE_URL and REDIS_URL as ever, its password in the file that DATABASE_PASSWORD_FILE or REDIS_PASSWORD_FILE names.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

PASSWORDS = {"DATABASE_URL": "DATABASE_PASSWORD_FILE", "REDIS_URL": "REDIS_PASSWORD_FILE"}
SANDBOX_KEY = "SANDBOX_CREDENTIALS_FILE"
OURS = ("ACI_", "SANDBOX_", "AWS_")


class Unusable(Exception):
    """A secret can't be read; the message says which and what to do."""


def with_password(url: str, password: str) -> str:
    """The URL with this password in place of the one it has, if any."""
    parts = urlsplit(url)
    user, _, _ = parts.netloc.rpartition("@")[0].partition(":")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """The program's environment. Raises Unusable.

    Compose sets a variable that nobody gave a value to the empty text; to the program that means the default.
    """
    environment = {name: value for name, value in given.items() if value or not name.startswith(OURS)}
    for variable, file_variable in PASSWORDS.items():
        file = environment.pop(file_variable, "")
        if file:
            if not environment.get(variable):
                raise Unusable(f"{file_variable} is set without {variable}.")
            environment[variable] = with_password(environment[variable], _read(Path(file), file_variable))
    return environment


def _read(file: Path, variable: str) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{variable}={file} can't be read ({type(error).__name__}). Run deploy/secrets.sh.") from None
    if not text:
        raise Unusable(f"{variable}={file} is empty. Run deploy/secrets.sh.")
    return text


def own_copy(file: Path, variable: str) -> Path:
    """The file, or where others may read it a copy in memory that only we may.

    Compose mounts a secret with the owner and mode that it has on the host, and no choice; the sandbox rightly refuses
    a key that others can read.
    """
    text = _read(file, variable)
    if not stat.S_IMODE(file.stat().st_mode) & 0o077:
        return file
    copy = Path(tempfile.mkdtemp(prefix="secret-")) / file.name
    copy.touch(mode=0o600)
    copy.write_text(text, encoding="utf-8")
    return copy


def main() -> None:
    program = sys.argv[1:]
    if not program:
        sys.exit("usage: aci-start PROGRAM [ARGUMENT…]")
    try:
        environment = environment_of(os.environ)
        if SANDBOX_KEY in environment:
            environment[SANDBOX_KEY] = str(own_copy(Path(environment[SANDBOX_KEY]), SANDBOX_KEY))
    except Unusable as error:
        sys.exit(str(error))
    try:
        os.execvpe(program[0], program, environment)  # noqa: S606 - becomes the program; there is no shell
    except OSError as error:
        sys.exit(f"{program[0]} can't be started: {error.strerror}")


if __name__ == "__main__":
    main()
