"""A session's first process: it reaps, starts commands in the background, and clears away what a run has left behind.

No code of the user's runs in it, and nothing in the session can look into it or make it stop (pid_namespaces(7)). So
what it tells the server can be relied upon, unlike what the runner says. It takes its orders from a socket that it
alone holds.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable, Collection
from typing import Any, Final, NoReturn

from sandbox.confinement import seccomp

MAX_ORDER_BYTES: Final = 160 * 1024
"""Longer than any command that the kernel starts (MAX_ARG_STRLEN, execve(2))."""
_ORDERS: Final = 0
_MAX_DESCRIPTORS: Final = 1024
_DYING_SECONDS: Final = 0.001


class Init:
    """Serves until the runner has ended, and ends with its status; the kernel then kills whatever is left."""

    def __init__(self, orders: int, runner: int, environment: dict[str, str], cpu_seconds: int) -> None:
        os.dup2(orders, _ORDERS, inheritable=False)
        os.closerange(_ORDERS + 1, _MAX_DESCRIPTORS)
        self._link = socket.socket(fileno=_ORDERS)
        self._runner = runner
        self._environment = environment
        self._cpu_seconds = cpu_seconds
        self._tasks: dict[int, str] = {}

    def serve(self, system_call_filter: bytes) -> NoReturn:
        """Confine this process too, then do as ordered."""
        wake, wake_end = os.pipe()
        for end in (wake, wake_end):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        seccomp.confine_system_calls(system_call_filter)
        poll = select.poll()
        poll.register(self._link, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            self._reap()  # first, for the runner may have ended before anything could wake this loop
            ready = {descriptor for descriptor, _ in poll.poll()}
            if wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
            if _ORDERS in ready:
                self._take_order()

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            if pid == self._runner:
                os._exit(self._last_status(code, usage))
            task = self._tasks.pop(pid, None)
            if task is not None:
                self._tell({"ended": task, "status": code if code >= 0 else 128 - code})

    def _last_status(self, code: int, usage: resource.struct_rusage) -> int:
        """128 + n for signal n. Past its processor time the kernel ends with SIGKILL who ignored SIGXCPU."""
        if code == -signal.SIGKILL and usage.ru_utime + usage.ru_stime >= self._cpu_seconds:
            code = -signal.SIGXCPU
        return code if code >= 0 else 128 - code

    def _take_order(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(self._link, MAX_ORDER_BYTES, 2)
        if not message:
            os._exit(0)  # the server is gone, and so is the session
        try:
            order: dict[str, Any] = json.loads(message)
            if "start" in order:
                self._start(order["start"], order["command"], descriptors)
            elif "stop" in order:
                stopped = [pid for pid, task in self._tasks.items() if task == order["stop"]]
                self._end(lambda pid: belongs(pid, stopped))
            else:
                self._end(lambda pid: not belongs(pid, self._tasks))
                self._tell({"swept": order["sweep"]})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _start(self, task: str, command: str, pipes: list[int]) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._tell({"refused": task, "why": os.strerror(error.errno or 0)})
            return
        if pid == 0:
            self._become(command, pipes)
        self._tasks[pid] = task
        self._tell({"started": task})

    def _become(self, command: str, pipes: list[int]) -> NoReturn:
        try:
            os.setsid()  # whatever has this session id belongs to the task
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            null = os.open("/dev/null", os.O_RDONLY)
            for target, source in enumerate((null, *pipes)):
                os.dup2(source, target)
            os.closerange(3, _MAX_DESCRIPTORS)
            os.execve("/bin/sh", ["/bin/sh", "-c", command], self._environment)  # noqa: S606 - it is one
        except OSError as error:
            with contextlib.suppress(OSError):
                os.write(2, f"/bin/sh: {error.strerror}\n".encode())
        os._exit(126)

    def _end(self, chosen: Callable[[int], bool]) -> None:
        """Kill the session's processes that are chosen. All are stopped first, so that none can fork and get away.

        A fork that was under way then still ends with a child, stopped too. It is there when its parent has died, so
        all is looked through again until nothing is found but what was dead before.
        """
        if not self._find(chosen):
            return
        os.kill(-1, signal.SIGSTOP)
        try:
            dead: set[int] = set()
            while not (found := self._find(chosen)) <= dead:
                for pid in found:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                time.sleep(_DYING_SECONDS)
                dead = {pid for pid in found if not _lives(pid)}
        finally:
            os.kill(-1, signal.SIGCONT)
        self._reap()

    def _find(self, chosen: Callable[[int], bool]) -> set[int]:
        others = processes(self._tasks) - {os.getpid(), self._runner}
        return {pid for pid in others if may_be(pid, chosen)}

    def _tell(self, message: dict[str, Any]) -> None:
        self._link.sendall(json.dumps(message).encode())


def processes(tasks: Collection[int]) -> set[int]:
    """All that can be seen, and the first ones of these tasks: until such a one is a program it is what the init is,
    and as hidden as that (proc(5), hidepid).
    """
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}.union(tasks)  # noqa: PTH208


def may_be(pid: int, chosen: Callable[[int], bool]) -> bool:
    """Whether a process is chosen, or has ended since it was seen: then it may have left one behind."""
    try:
        return chosen(pid)
    except ProcessLookupError:
        return True


def belongs(pid: int, tasks: Collection[int]) -> bool:
    """Whether a process is of one of these tasks: its first, which may not have got to its setsid(2) yet, or of its
    session. Raises ProcessLookupError.
    """
    return pid in tasks or os.getsid(pid) in tasks


def _lives(pid: int) -> bool:
    """Whether it still counts as a process of its own: it does not any more as somebody's zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
