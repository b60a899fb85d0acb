"""The secrets of one home: two passwords, the key pair with which workers sign what they send to the sandbox, and,
where the API asks who is there, the admin's key. Drawn on the first start, kept 0600 in a 0700 folder, and the same
on every later start.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    """What was drawn for this home."""

    postgres_password: str
    redis_password: str
    sandbox_file: Path
    """JSON with `access_key_id` and `secret_access_key`, for the sandbox and for those who call it."""


def load_or_draw(folder: Path) -> Keys:
    """The keys in that folder, drawing those that are not there yet."""
    sandbox = folder / "sandbox.json"
    _once(
        sandbox,
        lambda: json.dumps(
            {
                # The form of an AWS access key, which botocore's signer expects; 16 letters and digits after
                # the prefix.
                "access_key_id": "AKIA"
                + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16)),
                "secret_access_key": secrets.token_urlsafe(30),
            },
            indent=2,
        ),
    )
    return Keys(
        postgres_password=_once(folder / "postgres-password", _password),
        redis_password=_once(folder / "redis-password", _password),
        sandbox_file=sandbox,
    )


def admin_key_file(folder: Path) -> Path:
    """The file with the admin's key, drawn if it is not there yet. Its form is that of core/access/tokens.py."""
    file = folder / "admin-key"
    _once(file, _api_key)
    return file


def _api_key() -> str:
    random = secrets.token_hex(20)
    return f"aci_{random}{hashlib.sha256(random.encode()).hexdigest()[:8]}"


def _password() -> str:
    return secrets.token_urlsafe(24)


def _once(file: Path, draw: Callable[[], str]) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        pass
    value = draw()
    # Written aside and moved, so that an interrupted first start leaves no empty secret behind.
    unfinished = file.with_name(file.name + ".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(value)
    unfinished.replace(file)
    return value
