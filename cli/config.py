"""Where the service is and who asks: from `ACI_URL` and `ACI_API_KEY`, else from the file that `aci login` writes.

The file is readable for its owner alone, and not used when others may read it (XDG Base Directory Specification).
"""

from __future__ import annotations

import ipaddress
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.errors import CommandError

DEFAULT_URL = "http://127.0.0.1:8000"
THE_DEFAULT = "the default"


@dataclass(frozen=True, slots=True)
class Config:
    """What a command asks, and as whom."""

    url: str
    key: str | None
    source: str
    """Where the address came from, for people."""


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine's own."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def file_of(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file is, or would be."""
    base = environment.get("XDG_CONFIG_HOME") or ""
    folder = Path(base) if Path(base).is_absolute() else Path(environment.get("HOME") or "~").expanduser() / ".config"
    return folder / "aci" / "config.json"


def load(environment: Mapping[str, str] = os.environ) -> Config:
    """What holds now. A key from the file is only sent to the file's own address. Raises CommandError."""
    stored = _stored(file_of(environment))
    given = environment.get("ACI_URL")
    url = given or stored.get("url") or DEFAULT_URL
    source = "ACI_URL" if given else str(file_of(environment)) if stored.get("url") else THE_DEFAULT
    key = environment.get("ACI_API_KEY")
    if not key and url.rstrip("/") == (stored.get("url") or "").rstrip("/"):
        key = stored.get("key")
    return Config(url, key or None, source)


def _stored(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise CommandError(f"{file} can be read by others, and it may hold a key: `chmod 600 {file}`.")
            found = json.load(stream)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} can't be read ({type(error).__name__}). `aci login` writes it anew.") from None
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def save(url: str, key: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Write the file, whole or not at all. Raises CommandError."""
    file = file_of(environment)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump({"url": url, **({} if key is None else {"key": key})}, stream, indent=2)
        aside.replace(file)
    except OSError as error:
        raise CommandError(f"{file} can't be written ({error.strerror}).") from None
    return file


def forget(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Remove the file. None where there was none."""
    file = file_of(environment)
    try:
        file.unlink()
    except FileNotFoundError:
        return None
    return file
