"""The configuration of the process supervisor (supervisord 4): who is started how, in which order all are
stopped, and with which environment. It holds no secret, since those travel in the environment, and each
program sees only its own.
"""

from __future__ import annotations

import os
import resource
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import StartFailed
from embedded.places import Places
from embedded.procfile import Process

# What a program that needs no secret of the service may see of the environment it was started from.
HARMLESS = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")

STOP_SECONDS = 20  # a worker hands back what it can't finish in 10 s; after 20 s it is killed
STEADY_SECONDS = 2  # a program that ends sooner than this after its start counts as failing to start
OPEN_FILES = 65536  # of each program, where the machine allows as many: a live stream takes one
QUICK_TRIES = 6  # restarts with a growing pause (1 s, 2 s, …) before the launcher is told that it is of no use

# Stopped from the top: first nobody asks for new work, then running work ends while all it needs is still
# there.
STOP_ORDER = {"api": 900, "worker": 800, "dispatcher": 700, "sandbox": 600, "redis": 200, "postgres": 100}
STOP_ORDER_OF_OTHERS = 850


@dataclass(frozen=True)
class Program:
    """One program under the supervisor."""

    name: str
    words: tuple[str, ...]
    stop_signal: str = "TERM"
    account: str | None = None
    bare: Mapping[str, str] | None = None
    """The program's whole environment; None gives it the launcher's own."""

    @property
    def kind(self) -> str:
        """What its place in the stop order hangs on: the name up to the first dash."""
        return self.name.partition("-")[0]

    @property
    def stop_rank(self) -> int:
        """Higher is stopped earlier."""
        return STOP_ORDER.get(self.kind, STOP_ORDER_OF_OTHERS)

    @property
    def group(self) -> str:
        """Programs of one group are stopped together; the workers share one, so that their grace periods
        overlap.
        """
        return "workers" if self.kind == "worker" else self.name

    @property
    def address(self) -> str:
        """The name by which the supervisor's interface knows it."""
        return f"{self.group}:{self.name}"

    def command(self) -> str:
        """The line for the configuration: quoted for supervisord, which expands % signs."""
        words = list(self.words)
        if self.bare is not None:
            # env -i replaces the environment before the program starts, so /proc/<pid>/environ never had the
            # rest.
            words = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in self.bare.items()), *words]
        return escape(shlex.join(words))


def escape(text: str) -> str:
    """Text as a value of the configuration file, in which supervisord expands % signs.

    Raises StartFailed for what the file's format can't hold: a comment begins after a space, and lines end
    values.
    """
    if any(mark in text for mark in (" ;", " #", "\n")):
        raise StartFailed(
            f"The supervisor's configuration can't hold {text!r}: a name in it has a line break, or a space "
            "before ; or #. Rename that folder, or clone into another one."
        )
    return text.replace("%", "%%")


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that holds no secret."""
    return {name: environment[name] for name in HARMLESS if name in environment}


def sandbox_environment(environment: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """What the sandbox process gets: its own settings, and nothing that user code could do harm with if it
    got out.
    """
    settings = {name: value for name, value in environment.items() if name.startswith("SANDBOX_")}
    return {"LANG": "C.UTF-8", **harmless(environment), **settings, **own, "PYTHONUNBUFFERED": "1"}


def program_for(process: Process, *, bare: Mapping[str, str] | None = None) -> Program:
    """The program of a Procfile's line. `python` is the interpreter that runs the launcher."""
    first, *rest = process.words
    words = (sys.executable, *rest) if first in {"python", "python3"} else process.words
    return Program(process.name, tuple(words), bare=bare)


def configuration(programs: Sequence[Program], *, places: Places, socket: Path, root: Path, as_root: bool) -> str:
    """The text of supervisord's configuration file. No program starts by itself: the launcher starts them in
    order.
    """
    sections: list[tuple[str, dict[str, object]]] = [
        ("unix_http_server", {"file": socket, "chmod": "0700"}),
        (
            "supervisord",
            {
                "nodaemon": "true",
                # The launcher reads along in this file. A pipe would break with a killed launcher, and
                # supervisord, when it can't log, ends without stopping anything.
                "silent": "true",
                "logfile": log_file(places),
                "logfile_maxbytes": 0,
                "pidfile": places.run / "supervisord.pid",
                "childlogdir": places.logs,
                "directory": root,
                # So many descriptors supervisord closes one by one in each child before its program runs. Python has
                # them closed on exec anyway, and a signal to stop that comes meanwhile is lost.
                "minfds": 16,
                "identifier": "aci",
                # Named only to say that it is meant; without it supervisord warns on every start.
                **({"user": "root"} if as_root else {}),
            },
        ),
        (
            "rpcinterface:supervisor",
            {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
    ]
    groups: dict[str, list[Program]] = {}
    for program in programs:
        groups.setdefault(program.group, []).append(program)
        sections.append((f"program:{program.name}", _program(program, places)))
    for name, members in groups.items():
        sections.append(
            (
                f"group:{name}",
                {"programs": ",".join(member.name for member in members), "priority": members[0].stop_rank},
            )
        )
    return "\n".join(
        f"[{title}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in settings.items())
        for title, settings in sections
    )


def _program(program: Program, places: Places) -> dict[str, object]:
    return {
        "command": Verbatim(program.command()),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": STEADY_SECONDS,
        "startretries": QUICK_TRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": STOP_SECONDS,
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": places.logs / f"{program.name}.log",
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 2,
        **({"user": program.account} if program.account else {}),
    }


class Verbatim(str):
    """A value that is escaped already."""


def _value(value: object) -> str:
    return value if isinstance(value, Verbatim) else escape(str(value))


def log_file(places: Places) -> Path:
    """Where supervisord logs what happens to its programs; begun anew with every start."""
    return places.logs / "supervisord.log"


def allow_open_files(wanted: int = OPEN_FILES) -> None:
    """Let this process, and what it starts, open so many files, or as many as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def is_root() -> bool:
    """Whether we run as root."""
    return os.geteuid() == 0
