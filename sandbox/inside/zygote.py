"""The warm zygote: it loads everything once, moves into the minimal root, and clones itself for each session.

Started by the server with an empty environment and one descriptor, a SOCK_SEQPACKET socket. It must keep exactly one
thread, and it must die with the server.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import site
import socket
import sys
import time
from typing import Any, Final, NoReturn

from sandbox.confinement import credentials, kernel, namespaces, root, seccomp
from sandbox.confinement.limits import Limits, address_space_now
from sandbox.inside.birth import Order, Warm, become_session
from sandbox.inside.shell import make_shell
from sandbox.inside.warmup import ENVIRONMENT, warm_up

_MAX_MESSAGE: Final = 16384
_MAX_DESCRIPTORS: Final = 8


def main(descriptor: int, server_pid: int, *, preload: bool) -> NoReturn:
    """Get ready, say so or say why not, then make sessions until the server goes away."""
    link = socket.socket(fileno=descriptor)
    credentials.die_with_parent()
    if os.getppid() != server_pid:
        os._exit(1)
    lifeline, lifeline_end = os.pipe()
    try:
        warm = _get_ready(lifeline, server_pid, preload=preload)
    except BaseException as error:
        _send(link, {"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)
    _send(link, {"ready": warm.way.value, "python": sys.version.split()[0]})
    Zygote(link, warm, lifeline_end).serve()
    os._exit(0)


def _get_ready(lifeline: int, server_pid: int, *, preload: bool) -> Warm:
    program = seccomp.build_filter(kernel.architecture())
    shown = root.folders_to_show(_interpreter_folders())
    temporary = root.temporary_folder(shown)
    way = namespaces.enter_own_mounts()
    credentials.die_with_parent()  # entering a user namespace changed the credentials
    root.enter_minimal_root(shown)
    root.write_users(namespaces.INNER_ID, namespaces.INNER_ID)
    os.environ.update(ENVIRONMENT, HOME=temporary, MPLCONFIGDIR=temporary, IPYTHONDIR=temporary)
    shell = make_shell(temporary)
    warm_up(packages=preload)
    time.tzset()
    root.seal_root()
    # The server may have died while nothing was set to notice.
    if os.getppid() != server_pid:
        os._exit(1)
    return Warm(way, shell, program, temporary, address_space_now(), lifeline)


def _interpreter_folders() -> list[str]:
    """Where this interpreter and everything it can import live."""
    real = os.path.dirname(os.path.realpath(sys.executable))  # noqa: PTH120
    found = [sys.prefix, sys.base_prefix, sys.base_exec_prefix, real, *site.getsitepackages()]
    return [*found, *(path for path in sys.path if path and os.path.isdir(path))]  # noqa: PTH112


class Zygote:
    """Makes a session for each order, and reports each that ended."""

    def __init__(self, link: socket.socket, warm: Warm, lifeline_end: int) -> None:
        self._link = link
        self._warm = warm
        self._lifeline_end = lifeline_end
        self._sessions: dict[int, str] = {}
        self._wake, self._wake_end = os.pipe()
        for end in (self._wake, self._wake_end):
            os.set_blocking(end, False)

    def serve(self) -> None:
        """Until the server closes its end."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_end, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 4096)
                self._reap()
            if self._link.fileno() in ready and not self._take_order():
                return

    def _reap(self) -> None:
        while self._sessions:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            session = self._sessions.pop(pid, None)
            if session is not None:
                _send(self._link, {"exited": session, "status": os.waitstatus_to_exitcode(status)})

    def _take_order(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._link, _MAX_MESSAGE, _MAX_DESCRIPTORS)
        if not message:
            return False
        order = json.loads(message)
        try:
            pid = self._clone(order, descriptors)
        except OSError as error:
            _send(self._link, {"refused": order["session"], "why": str(error)})
        else:
            self._sessions[pid] = order["session"]
            handle = os.pidfd_open(pid)
            _send(self._link, {"made": order["session"], "pid": pid}, [handle])
            os.close(handle)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _clone(self, order: dict[str, Any], descriptors: list[int]) -> int:
        control, orders, stdout, stderr, *cgroups = descriptors
        pid = namespaces.clone_into_namespaces(self._warm.way)
        if pid == 0:
            os.close(self._lifeline_end)
            self._link.close()
            limits = Limits(**order["limits"])
            host_id, nice = order["hostId"], order["nice"]
            become_session(self._warm, Order(limits, nice, host_id, control, orders, stdout, stderr, tuple(cgroups)))
        return pid


def _send(link: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
    body = json.dumps(message).encode()[:_MAX_MESSAGE]
    socket.send_fds(link, [body], descriptors or [])
