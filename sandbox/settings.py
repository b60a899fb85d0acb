"""Every setting of the server, read from the environment with the prefix SANDBOX_, each with a line of help.

The credentials are the one thing without a default: a server that anybody may call is not started.
"""

from __future__ import annotations

import json
import secrets
import stat
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sandbox.confinement.limits import MEGABYTE, Limits


class MissingCredentials(RuntimeError):
    """No access key was configured, or the credentials file can't be used."""


def own_ids() -> int:
    """The first of a block of user ids, drawn anew for each server.

    The kernel counts processes per user over the whole machine (RLIMIT_NPROC, setrlimit(2)): sessions of two servers
    with the same id would use up each other's limit.
    """
    return 1_600_000_000 + secrets.randbelow(4096) * 65_536


class Settings(BaseSettings):
    """`python -m sandbox --help` prints this list."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_", extra="ignore", env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8970, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Further names, separated by commas, that a request's Host header may carry."
    )
    python: Path = Field(
        Path(".venv-sandbox/bin/python"), description="Interpreter that sessions run, with its packages."
    )
    preload: bool = Field(
        True, description="Load the data packages once for all sessions; without, each loads what it imports."
    )
    access_key_id: str | None = Field(None, description="Access key id that requests must be signed with.")
    secret_access_key: SecretStr | None = Field(None, description="The secret that belongs to it.")
    credentials_file: Path | None = Field(
        None, description='JSON file, mode 0600, {"access_key_id", "secret_access_key"}, instead of the two.'
    )

    max_sessions: int = Field(32, ge=1, le=1000, description="Sessions alive at once.")
    warm_sessions: int = Field(2, ge=0, le=100, description="Sessions kept ready for the next to ask.")
    session_idle_seconds: int = Field(900, ge=1, description="A session unused for so long is ended.")
    max_run_seconds: float = Field(900, gt=0, description="Wall time of one run.")
    grace_seconds: float = Field(2, gt=0, description="Time from an interrupt to the end of the session.")
    input_seconds: float = Field(300, gt=0, description="How long a question of the code waits for its answer.")

    memory_mb: int = Field(2048, ge=64, description="Memory of a session, all processes together.")
    processes: int = Field(64, ge=8, description="Processes and threads of a session.")
    disk_mb: int = Field(256, ge=1, description="Work folder of a session (held in memory).")
    cpu_seconds: int = Field(3600, ge=1, description="Processor time of any one process of a session.")
    cpus: float = Field(1.0, ge=0.1, description="Processor cores of a session (where a cgroup can hold it to them).")
    open_files: int = Field(512, ge=64, description="Open descriptors of any one process of a session.")
    # Twice in one event, each byte up to six in JSON: more would not fit into what clients accept.
    output_kb: int = Field(1024, ge=1, le=1900, description="Output of one run that is passed on; the rest is cut.")
    flood_mb: int = Field(64, ge=1, description="Output of one run at which it is ended.")
    max_request_mb: int = Field(140, ge=1, description="Size of a request's body.")

    cgroup_root: Path = Field(Path("/sys/fs/cgroup"), description="Where control groups are mounted.")
    use_cgroups: bool = Field(True, description="False leaves memory to the watchdog (tier B).")
    uid_base: int = Field(
        default_factory=own_ids,
        ge=1000,
        description="First of the ids that sessions get when the server is root; by default a block of its own.",
    )

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    def model_post_init(self, _context: object) -> None:
        """Absolute paths, so that the working directory no longer matters."""
        # The name of the link is kept: it is how a virtual environment's interpreter finds its packages.
        self.python = Path.cwd() / self.python

    @property
    def limits(self) -> Limits:
        """What each session may use."""
        return Limits(
            memory_bytes=self.memory_mb * MEGABYTE,
            processes=self.processes,
            disk_bytes=self.disk_mb * MEGABYTE,
            cpu_seconds=self.cpu_seconds,
            open_files=self.open_files,
            cpus=self.cpus,
        )

    def credentials(self) -> tuple[str, str]:
        """(access key id, secret). Raises MissingCredentials with what to do."""
        if self.access_key_id and self.secret_access_key:
            return self.access_key_id, self.secret_access_key.get_secret_value()
        if self.credentials_file:
            return _read_credentials(self.credentials_file)
        raise MissingCredentials(
            "No credentials: set SANDBOX_ACCESS_KEY_ID and SANDBOX_SECRET_ACCESS_KEY, or SANDBOX_CREDENTIALS_FILE,"
            " to the key that clients will sign their requests with."
        )


def _read_credentials(path: Path) -> tuple[str, str]:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise MissingCredentials(f"{path} is open to others: chmod 600 it.")
        content = json.loads(path.read_text())
        return str(content["access_key_id"]), str(content["secret_access_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingCredentials(f'{path} must hold JSON {{"access_key_id", "secret_access_key"}}: {error}') from error


def describe_settings() -> str:
    """One line per setting: its variable, its default, its help."""
    lines = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, ()) else f" [{field.default}]"
        lines.append(f"  SANDBOX_{name.upper():<24}{field.description}{default}")
    return "\n".join(lines)
