"""Which namespaces separate a session, and how its first process is made in them.

There are two ways in, with the same result: with root's powers, each session gets an id of its own on the host; without
them, each gets a user namespace of its own, in which the one user there is stands for the server's.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import Final

from sandbox.confinement import credentials, kernel

_SEPARATED: Final = (
    kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
)
INNER_ID: Final = 1000
"""The user and group that a session has inside a user namespace."""


class Way(Enum):
    """How sessions are separated from the host."""

    ROOT = "root"
    USER_NAMESPACE = "user-namespace"


def enter_own_mounts() -> Way:
    """Give the zygote a mount namespace of its own, and a user namespace where it needs one for that.

    Raises OSError where the machine forbids both; the message of EPERM or ENOSPC is the kernel's word on it.
    """
    if credentials.has_root_powers():
        kernel.unshare(kernel.CLONE_NEWNS)
        return Way.ROOT
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    credentials.map_own_ids(uid, gid, uid, gid)
    return Way.USER_NAMESPACE


def clone_into_namespaces(way: Way) -> int:
    """fork() into a session's namespaces: 0 in the child, which is PID 1 there, its host pid in the parent.

    A user namespace per session makes the kernel count RLIMIT_NPROC for each of them alone.
    """
    if way is Way.ROOT:
        return kernel.clone_process(_SEPARATED)
    uid, gid = os.geteuid(), os.getegid()
    pid = kernel.clone_process(_SEPARATED | kernel.CLONE_NEWUSER)
    if pid == 0:
        credentials.map_own_ids(INNER_ID, INNER_ID, uid, gid)
    return pid


def hide_cgroup_and_name() -> None:
    """After the session's cgroup was joined: make it the root of what the session sees, and hide the host's name."""
    kernel.unshare(kernel.CLONE_NEWCGROUP)
    kernel.sethostname(b"sandbox")
