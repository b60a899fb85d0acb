"""From a clone of the zygote to a confined session: what its first process does, in the one order that works.

PID 1 of the session stays trusted; PID 2 runs the code. Privileges are given up before the second fork, the
parent-death signal is set after that, and the system call filter comes last in both. If any step fails, the session
ends without a line of user code having run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Final, NoReturn

from sandbox.confinement import credentials, kernel, namespaces, root, seccomp
from sandbox.confinement.limits import Limits, apply_rlimits
from sandbox.inside import channel
from sandbox.inside.init import Init
from sandbox.inside.runner import Runner
from sandbox.inside.shell import SessionShell
from sandbox.inside.warmup import clean_environment

_CONTROL: Final = 3
_FAILED: Final = 99


@dataclass(frozen=True, slots=True)
class Warm:
    """What the zygote has ready for all sessions."""

    way: namespaces.Way
    shell: SessionShell
    filter: bytes
    temporary: str
    address_space: int
    lifeline: int
    """Read end of a pipe whose write end the zygote alone holds: hang-up means it died."""


@dataclass(frozen=True, slots=True)
class Order:
    """One session to be made: its limits, its id on the host, and the descriptors the server sent for it."""

    limits: Limits
    nice: int
    host_id: int
    control: int
    orders: int
    stdout: int
    stderr: int
    cgroups: tuple[int, ...]


def become_session(warm: Warm, order: Order) -> NoReturn:
    """Run in the clone, as PID 1; never returns. A failed step is told over the control channel."""
    link = socket.socket(fileno=order.control)
    try:
        _join_cgroups(order.cgroups)
        uid = gid = order.host_id if warm.way is namespaces.Way.ROOT else namespaces.INNER_ID
        namespaces.hide_cgroup_and_name()
        root.mount_session_folders(order.limits, warm.temporary, uid, gid)
        work = os.open(root.WORK_FOLDER, os.O_PATH | os.O_DIRECTORY)
        apply_rlimits(order.limits, warm.address_space)
        os.nice(order.nice)
        credentials.become_nobody(uid, gid, change_ids=warm.way is namespaces.Way.ROOT)
        _check_parent_lives(warm.lifeline)
        # Nobody else has a right to look into PID 1, not even the session's own processes.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        _default_signals()
        runner = os.fork()
        if runner == 0:
            _become_runner(warm, order, link)
        _announce(link, work, runner)
        Init(order.orders, runner, _environment(warm), order.limits.cpu_seconds).serve(warm.filter)
    except BaseException as error:
        with contextlib.suppress(OSError):
            link.sendall(channel.encode({"failed": f"{type(error).__name__}: {error}"[:1000]}))
    os._exit(_FAILED)


def _join_cgroups(descriptors: tuple[int, ...]) -> None:
    """Before any memory is used, so that all of it is counted. `0` means the writer itself (cgroups(7))."""
    for descriptor in descriptors:
        os.write(descriptor, b"0")


def _check_parent_lives(lifeline: int) -> None:
    """The zygote may have died before the parent-death signal was asked for; then nobody would send it."""
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):
        os._exit(_FAILED)


def _default_signals() -> None:
    """PID 1 ignores every signal from inside for which it has no handler (pid_namespaces(7)): so have none."""
    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def _announce(link: socket.socket, work: int, runner: int) -> None:
    """Hand the server the work folder and a handle on the runner, before the runner has been told anything."""
    handle = os.pidfd_open(runner)
    socket.send_fds(link, [channel.encode({"ready": True})], [work, handle])


def _environment(warm: Warm) -> dict[str, str]:
    return clean_environment(root.WORK_FOLDER, warm.temporary, sys.executable)


def _become_runner(warm: Warm, order: Order, link: socket.socket) -> NoReturn:
    try:
        os.setsid()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # /proc/self must be readable for subprocess and /dev/fd
        link = _keep_only(order, link)
        runner = Runner(link, warm.shell, _environment(warm))
        seccomp.confine_system_calls(warm.filter)
        runner.prepare()
        runner.serve()
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "backslashreplace"))
        os._exit(1)
    os._exit(0)


def _keep_only(order: Order, link: socket.socket) -> socket.socket:
    """Descriptors 0 to 3 (nothing, the two pipes, the control channel) and no other."""
    above = 16
    null = os.open("/dev/null", os.O_RDONLY)
    parked = [_parked(number, above) for number in (null, order.stdout, order.stderr, link.detach())]
    for target, source in enumerate(parked):
        os.dup2(source, target, inheritable=target != _CONTROL)
    os.closerange(_CONTROL + 1, 1024)
    return socket.socket(fileno=_CONTROL)


def _parked(descriptor: int, above: int) -> int:
    """A duplicate out of the way of the numbers that are about to be overwritten."""

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above)
