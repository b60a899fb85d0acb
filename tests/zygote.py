"""Processes of the service, forked from one that has loaded its code: their starts cost no imports, of which the tests
have hundreds.

What is forked is a process like any other: with a session, an environment and a log of its own, and run as `python -m`
runs it. Real starts are what the tests of `make run` are for, and those of programs that end by themselves: there one
of each kind is real.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO

from embedded.children import bare_environment
from sandbox.confinement import kernel

LOADED = {
    # All but the modules of jobs, which ask the settings for the agents there are.
    "api": (
        "api.server",
        "api.access.described",
        "api.access.endpoints",
        "api.admin.endpoints",
        "api.agents.endpoints",
        "api.files.endpoints",
        "api.health.endpoints",
        "api.limits.endpoints",
        "api.page",
        "api.programs.endpoints",
        "api.sessions.history",
        "core.log",
        "uvicorn.lifespan.on",
        "uvicorn.loops.uvloop",
        "uvicorn.protocols.http.httptools_impl",
        "uvicorn.protocols.websockets.websockets_sansio_impl",
    ),
    "workers": (
        "workers.serving",
        "workers.models.providers.demo",
        "billiard.pool",
        "celery.app.amqp",
        "celery.app.control",
        "celery.app.events",
        "celery.app.log",
        "celery.apps.worker",
        "celery.backends.base",
        "celery.concurrency.thread",
        "celery.events.receiver",
        "celery.fixups.django",
        "celery.worker.autoscale",
        "celery.worker.components",
        "celery.worker.consumer",
        "celery.worker.consumer.delayed_delivery",
        "celery.worker.strategy",
        "core.log",
        "encodings.idna",
        "kombu.transport.redis",
    ),
    "workers.dispatcher": (
        "workers.dispatcher.messages",
        "workers.dispatcher.planner",
        "workers.dispatcher.upkeep",
        "celery.fixups.django",
        "core.log",
        "uvloop",
    ),
    "migrations": ("core.database.revisions", "core.settings"),
    "core.operating": ("core.operating.checks",),
    "api.access.bootstrap": ("core.access.operator",),
    "sandbox": (
        "sandbox.http.app",
        "uvicorn.lifespan.on",
        "uvicorn.protocols.http.httptools_impl",
    ),
}
"""What a program imports when it starts, or as soon as it is at work. Nothing of it may read the settings or start a
thread.
"""
LARGEST = 256 * 1024


# --- in the tests' process --------------------------------------------------------------------------------


class Forked:
    """A process that the zygote forked, as `subprocess.Popen` would have it."""

    def __init__(self, pid: int, told: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told
        """Where the zygote writes how it ended."""

    def poll(self) -> int | None:
        """Its exit status, or minus the signal that ended it; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            # Nothing is there where the zygote was killed, and all that it forked with it.
            self.returncode = int(os.read(self._told, 16) or -signal.SIGKILL)
            os.close(self._told)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it, unless it is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


class Zygote:
    """The process that forks."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._asks, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.zygote", str(theirs.fileno())],
                env=environment,
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def can_fork(self, words: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Whether it is a program of the service, on the very Python that it would get."""
        return (
            words[0] == "-m"
            and words[1] in LOADED
            and all(
                self._environment.get(name) == environment.get(name)
                for name in {*self._environment, *environment}
                if name in self._environment or name.startswith("PYTHON")
            )
        )

    def fork(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
        """Start a program: `-m`, its name, and what follows it."""
        with log.open("ab") as output:
            return self._fork(words, environment, output, output)

    def run(
        self, words: Sequence[str], environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; what it printed. Raises TimeoutExpired."""
        assert self.can_fork(words, environment)
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            status = self._fork(words, environment, stdout, stderr).wait(timeout)
            printed = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for file in (stdout, stderr)]
        return subprocess.CompletedProcess(words, status, *(text.decode() for text in printed))

    def _fork(self, words: Sequence[str], environment: Mapping[str, str], output: BinaryIO, errors: BinaryIO) -> Forked:
        told, tell = os.pipe()
        order = json.dumps({"words": list(words[1:]), "environment": dict(environment)})
        with self._lock:
            socket.send_fds(self._asks, [order.encode()], [output.fileno(), errors.fileno(), tell])
            os.close(tell)
            pid = self._asks.recv(16)
            assert pid, "the zygote ended, and has said why"
            return Forked(int(pid), told)

    def close(self) -> None:
        """End it, and with it what it forked."""
        self._asks.close()
        self._process.wait()


@cache
def zygote(path: str = str(Path(__file__).resolve().parents[1])) -> Zygote:
    """The one of this process for a PYTHONPATH, started when it is first asked for."""
    started = Zygote({**bare_environment(), "PYTHONPATH": path})
    atexit.register(started.close)
    return started


# --- in the zygote ----------------------------------------------------------------------------------------


def load(words: Sequence[str]) -> None:
    """Import what the program will. What can't be imported, the program itself will say."""
    from core.agents.registry import BUILT_IN
    from core.settings import Settings

    runners = [spec.runner.partition(":")[0] for spec in BUILT_IN if words[0] == "workers" and spec.pool == words[-1]]
    with contextlib.suppress(Exception):
        for module in (*LOADED[words[0]], *runners):
            importlib.import_module(module)
    gc.freeze()  # not looked at by the collector, their pages stay shared
    assert not Settings.load.__func__.cache_info().currsize, "what is forked would have the zygote's settings"
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a thread would not be there in what is forked"


def serve(asks: socket.socket) -> list[str]:
    """Fork what is asked for, and tell how each one ended. Returns in those alone, with the words to run.

    Until whoever asked has read that, the process stays a zombie, so that its number is nobody else's.
    """
    running: dict[int, tuple[int, int]] = {}
    told: dict[int, int] = {}
    poller = select.poll()
    poller.register(asks, select.POLLIN)
    while True:
        for ready, _ in poller.poll():
            if ready == asks.fileno():
                message, descriptors, _, _ = socket.recv_fds(asks, LARGEST, 3)
                if not message:
                    sys.exit()
                order, (output, errors, tell) = json.loads(message), descriptors
                load(order["words"])
                parent = os.getpid()
                pid = os.fork()
                if pid == 0:
                    become(parent, output, errors, order["environment"], asks)
                    return list(order["words"])
                os.close(output)
                os.close(errors)
                watched = os.pidfd_open(pid)
                running[watched] = pid, tell
                poller.register(watched, select.POLLIN)
                continue
            poller.unregister(ready)
            if ready in running:
                pid, tell = running.pop(ready)
                with contextlib.suppress(BrokenPipeError):
                    os.write(tell, str(status_of(pid)).encode())
                told[tell] = pid
                poller.register(tell, 0)  # heard of when its reader has closed it
            else:
                os.waitpid(told.pop(ready), 0)
            os.close(ready)


def status_of(pid: int) -> int:
    """The exit status of a process that has ended, or minus the signal that ended it. It stays a zombie."""
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert end is not None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def become(parent: int, output: int, errors: int, environment: Mapping[str, str], asks: socket.socket) -> None:
    """Take leave of the zygote: what `subprocess` does between fork and exec. Then whoever asked hears of us."""
    os.setsid()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.environ.clear()
    os.environ.update(environment)
    asks.send(str(os.getpid()).encode())
    asks.detach()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def main() -> None:
    gc.disable()  # all that is loaded stays
    module, *rest = serve(socket.socket(fileno=int(sys.argv[1])))
    gc.enable()
    sys.argv[1:] = rest
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
