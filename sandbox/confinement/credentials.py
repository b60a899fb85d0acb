"""Who a session's processes are: an id of their own, no capability, no way to gain one, and no life after their parent.

The order inside `become_nobody` matters: setuid clears the parent-death signal (prctl(2)), so that comes last, and the
bounding set can be dropped only while CAP_SETPCAP is still there.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from sandbox.confinement import kernel

_CAP_SETGID, _CAP_SETUID, _CAP_SYS_ADMIN = 6, 7, 21


def has_root_powers() -> bool:
    """Whether this process can make namespaces and change ids without a user namespace."""
    status = Path("/proc/self/status").read_text()
    effective = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff")), 16)
    needed = (1 << _CAP_SETGID) | (1 << _CAP_SETUID) | (1 << _CAP_SYS_ADMIN)
    return os.geteuid() == 0 and effective & needed == needed


def map_own_ids(inner_uid: int, inner_gid: int, outer_uid: int, outer_gid: int) -> None:
    """Give a fresh user namespace its one user and group (user_namespaces(7)); written from inside it."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inner_uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inner_gid} {outer_gid} 1")


def die_with_parent() -> None:
    """SIGKILL to this process as soon as its parent is gone, however the parent died."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def become_nobody(uid: int, gid: int, *, change_ids: bool) -> None:
    """Give up every privilege for good. `change_ids` is False inside a user namespace, where the id is mapped."""
    for capability in range(64):
        with contextlib.suppress(OSError):  # EINVAL past the last capability this kernel knows
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    if change_ids:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    kernel.drop_all_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    die_with_parent()
