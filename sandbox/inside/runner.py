"""The process in which a session's code runs: it waits for a cell or a command, runs it, and says how it ended.

It shares its memory with untrusted code, so the server believes nothing it says beyond the run it belongs to. SIGINT
interrupts the run and nothing else: between runs it is ignored, so variables survive. One that strikes between Python's
last look for signals and a call that blocks is heard only after that call, which channel.WAKE ends.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from types import FrameType
from typing import Any

from sandbox.confinement.kernel import flush_c_streams
from sandbox.inside import channel, leftovers, reached, tracebacks
from sandbox.inside.asking import Asker
from sandbox.inside.shell import SessionShell, run_cell

INTERRUPTED = 130
_MERSENNE_WORDS = 624


class Runner:
    """Reads requests from the control channel until it closes."""

    def __init__(self, link: socket.socket, shell: SessionShell, environment: dict[str, str]) -> None:
        self._link = link
        self._shell = shell
        self._environment = environment
        self._running = False
        self._opened = False
        self._pid = os.getpid()
        self._asker = Asker(link, _flush)

    def prepare(self) -> None:
        """Undo what the clone shared: the environment, the streams, the random numbers' seeds, the start folder."""
        os.environ.clear()
        os.environ.update(self._environment)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for good
        self._open_streams()
        sys.argv = [""]
        sys.path.insert(0, "")
        threading.excepthook = tracebacks.of_thread
        random.seed()
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            # The whole state at once: to spread a seed over it took longer than all else here.
            state = numpy.frombuffer(os.urandom(4 * _MERSENNE_WORDS), dtype="uint32")
            numpy.random.set_state(("MT19937", state, _MERSENNE_WORDS))
        self._shell.starting_dir = os.getcwd()  # noqa: PTH109

    def _open_streams(self) -> None:
        """Anew where the user's code has closed them or taken them away; what it has put in their place stays."""
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            if not self._opened or getattr(getattr(sys, name), "closed", True):
                stream = _text_stream(descriptor)
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)
        self._opened = True

    def serve(self) -> None:
        """Handle requests one by one; returns when the server is gone."""
        while True:
            self._take_signals()
            request = channel.receive(self._link)
            if request is None:
                return
            if "run" not in request:
                continue  # the answer to a question that was interrupted
            leftovers.reap()
            self._open_streams()
            code, limit = self._handle(request)
            if os.getpid() != self._pid:
                os._exit(code)  # user code forked and let its child fall out of the cell
            leftovers.end_threads()
            left = leftovers.has_processes()
            reply = {"ended": request["run"], "exitCode": code, "limit": limit, "left": left}
            self._link.sendall(channel.encode(reply))

    def _handle(self, request: dict[str, Any]) -> tuple[int, str | None]:
        """(exit code, name of the limit that the code ran into and died of)."""
        try:
            return self._run(request)
        except KeyboardInterrupt:
            return INTERRUPTED, None
        except BaseException as error:
            with contextlib.suppress(BaseException):
                os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "backslashreplace"))
            return 1, reached.limit_of(error)

    def _run(self, request: dict[str, Any]) -> tuple[int, str | None]:
        try:
            try:
                if request.get("clearContext"):
                    self._clear()  # not to be interrupted: who asks for it and hangs up still means it
            finally:
                self._running = True
                self._link.sendall(channel.encode({"started": request["run"]}))
            if "command" in request:
                return self._run_command(request["command"]), None
            asking = self._asker.in_place(request["run"]) if request.get("ask") else contextlib.nullcontext()
            with asking:
                code, error = run_cell(self._shell, request["code"])
            return code, reached.limit_of(error)
        finally:
            self._running = False
            _flush()

    def _clear(self) -> None:
        """Forget all variables and figures; files stay."""
        self._shell.reset(new_session=True)
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close("all")

    def _run_command(self, command: str) -> int:
        """A shell command, its output through the session's own pipes. 128 + n for signal n, as in a shell."""
        status = subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, check=False).returncode
        return status if status >= 0 else 128 - status

    def _take_signals(self) -> None:
        """User code may have changed them; the next run must be interruptible again."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        signal.signal(channel.WAKE, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._asker.taking:
            self._asker.interrupted = True
        elif self._running:
            raise KeyboardInterrupt


def _text_stream(descriptor: int) -> Any:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    flush_c_streams()
