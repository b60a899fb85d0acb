"""Remembers which processes a start made, so that the next one can end those that a killed launcher left
behind. A pid alone proves nothing, since pids are used again: a process is ours when it also began at the
recorded moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# Seconds by which the start time of one process may differ between two looks: it is worked out from the boot
# time, which moves when the clock is set.
SAME_MOMENT = 2.0

SUPERVISOR = "supervisor"
POLITE_SECONDS = 30.0
SUPERVISOR_SECONDS = 90.0


@dataclass(frozen=True)
class Recorded:
    """A process as it was when it was started. It leads a process group of its own."""

    name: str
    pid: int
    began: float
    """Seconds since the epoch."""


def recorded_now(name: str, pid: int) -> Recorded | None:
    """The record of a process that runs now; None if it is gone already."""
    try:
        return Recorded(name, pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def find(record: Recorded) -> psutil.Process | None:
    """The recorded process, if it is still that one and not a zombie."""
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.began) <= SAME_MOMENT
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


class Register:
    """The file with the processes of a running service."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Recorded] = {}

    def add(self, name: str, pid: int) -> None:
        """Record a process that was just started; it replaces the last one of that name."""
        record = recorded_now(name, pid)
        if record is None:
            return
        self._known[name] = record
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(json.dumps([asdict(one) for one in self._known.values()]))
        unfinished.replace(self._file)

    def load(self) -> list[Recorded]:
        """What an earlier start recorded; empty when it ended in order."""
        try:
            return [Recorded(**entry) for entry in json.loads(self._file.read_text())]
        except (OSError, ValueError, TypeError):
            return []

    def clear(self) -> None:
        """Nothing runs any more."""
        self._known.clear()
        self._file.unlink(missing_ok=True)


def end(records: Iterable[Recorded], *, patience: float = POLITE_SECONDS) -> list[str]:
    """End the recorded processes that still run and all they started; returns their names.

    The supervisor is asked first, because it stops the others in order; who does not go in `patience` seconds
    is killed.
    """
    running = {record.name: process for record in records if (process := find(record)) is not None}
    if not running:
        return []
    families = {name: _family(process) for name, process in running.items()}
    supervisor = running.get(SUPERVISOR)
    if supervisor is not None:
        _signal([supervisor], signal.SIGTERM)
        psutil.wait_procs([supervisor], timeout=min(SUPERVISOR_SECONDS, patience * 3))
    remaining = [process for process in running.values() if process.is_running()]
    for process in remaining:
        # SIGINT is Postgres' fast shutdown; on SIGTERM it would wait for its clients to leave.
        _signal([process], signal.SIGINT if _is_postgres(process) else signal.SIGTERM)
    psutil.wait_procs(remaining, timeout=patience)
    kill(families.values())
    return sorted(running)


def kill(families: Iterable[Iterable[psutil.Process]]) -> None:
    """Kill these processes, and return when none is left."""
    processes = [process for family in families for process in family]
    _signal(processes, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=POLITE_SECONDS)


def kill_now(records: Iterable[Recorded]) -> None:
    """Kill the recorded processes and all they started, without a request to stop."""
    kill([_family(process) for record in records if (process := find(record)) is not None])


def _family(process: psutil.Process) -> list[psutil.Process]:
    """The process, its descendants, and who else is in its process group."""
    with contextlib.suppress(psutil.Error):
        family = {process.pid: process}
        family.update((child.pid, child) for child in process.children(recursive=True))
        for other in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if os.getpgid(other.pid) == process.pid:
                    family[other.pid] = other
        return list(family.values())
    return []


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)  # psutil checks that the pid was not used again


def _is_postgres(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name() == "postgres"
    return False
