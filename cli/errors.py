"""What can go wrong for somebody at a terminal, and with which exit status the command then ends."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Exit statuses; docs/cli.md has them too. 2 is typer's own, for a command that can't be understood."""

    FAILED = 1
    """It was refused, or a check failed."""
    USAGE = 2
    UNREACHABLE = 3
    """Nobody answers, or what answers is no such service."""
    NOT_ALLOWED = 4
    """The key is missing or wrong, or may not do this."""


class CommandError(Exception):
    """Ends the command with a message and a status."""

    status = Exit.FAILED


class Unreachable(CommandError):
    """The service can't be reached."""

    status = Exit.UNREACHABLE


class Refused(CommandError):
    """The service answered with a problem (RFC 9457)."""

    def __init__(self, http_status: int, problem: dict[str, Any], retry_after_s: int | None) -> None:
        self.http_status = http_status
        self.problem = problem
        self.retry_after_s = retry_after_s
        lines = [f"{problem.get('title', 'Refused')} ({http_status}): {problem.get('detail', '')}".rstrip(": ")]
        wrong = problem.get("errors") or []
        if len(wrong) > 1:
            lines += [f"  {one.get('pointer') or 'the body'}: {one.get('detail')}" for one in wrong]
        if retry_after_s is not None:
            lines.append(f"Try again in {retry_after_s} s.")
        super().__init__("\n".join(lines))

    @property
    def type(self) -> str:
        """The kind of problem, without `/problems/`."""
        return str(self.problem.get("type", "")).rpartition("/")[2]

    @property
    def status(self) -> Exit:  # type: ignore[override]
        return Exit.NOT_ALLOWED if self.http_status in (401, 403) else Exit.FAILED
