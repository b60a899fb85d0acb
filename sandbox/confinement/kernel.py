"""The system calls that Python has no function for, each as a thin function that raises OSError.

Nothing here decides anything. The C library is called through ctypes, with the interpreter lock held during
`clone`, because the child must not find that lock in another thread's hands.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from typing import Final

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWCGROUP: Final = 0x0200_0000
CLONE_NEWUTS: Final = 0x0400_0000
CLONE_NEWIPC: Final = 0x0800_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWPID: Final = 0x2000_0000
CLONE_NEWNET: Final = 0x4000_0000

MS_NOSUID: Final = 2
MS_NODEV: Final = 4
MS_NOEXEC: Final = 8
MS_BIND: Final = 4096
MS_REC: Final = 16384
MS_PRIVATE: Final = 1 << 18
MNT_DETACH: Final = 2

MOUNT_ATTR_RDONLY: Final = 1
MOUNT_ATTR_NOSUID: Final = 2
MOUNT_ATTR_NODEV: Final = 4
MOUNT_ATTR_NOEXEC: Final = 8

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
PR_SET_SECCOMP: Final = 22

LARGE_PAGE: Final = 2 << 20
_MADV_COLLAPSE: Final = 25

_AT_RECURSIVE: Final = 0x8000
_AT_FDCWD: Final = -100
_LINUX_CAPABILITY_VERSION_3: Final = 0x2008_0522

# (clone, pivot_root) differ between architectures; numbers from 424 up are the same on all.
_NUMBERS: Final = {"x86_64": (56, 155), "aarch64": (220, 41)}
_OPENAT2: Final = 437
_MOUNT_SETATTR: Final = 442

_libc = ctypes.CDLL(None, use_errno=True)
_libc_holding_gil = ctypes.PyDLL(None, use_errno=True)


class UnknownArchitecture(RuntimeError):
    """The machine is neither x86_64 nor aarch64, so there are no system call numbers and no filter for it."""


def architecture() -> str:
    """`x86_64` or `aarch64`; raises UnknownArchitecture on anything else, 32-bit interpreters included."""
    machine = platform.machine()
    if machine not in _NUMBERS or struct.calcsize("P") != 8:
        raise UnknownArchitecture(f"no system call filter is written for {machine or 'this machine'}")
    return machine


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def join_pages(address: int) -> None:
    """Put the small pages of LARGE_PAGE bytes of this process into a large one: madvise(2), MADV_COLLAPSE, Linux 6.1.
    Where that can't be, they stay as they are.
    """
    _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(LARGE_PAGE), _MADV_COLLAPSE)


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    _check(
        _libc.mount(
            source.encode() if source else None,
            target.encode(),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            data.encode() if data else None,
        ),
        f"mount {kind or source or ''} on {target}",
    )


def unmount(target: str, flags: int = MNT_DETACH) -> None:
    """umount2(2), lazily unless told otherwise."""
    _check(_libc.umount2(target.encode(), flags), f"umount {target}")


def restrict_mount(target: str, attributes: int) -> None:
    """Set attributes on a mount and everything mounted below it: mount_setattr(2), Linux 5.12."""
    request = struct.pack("=QQQQ", attributes, 0, 0, 0)
    _check(
        _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, target.encode(), _AT_RECURSIVE, request, len(request)),
        f"mount_setattr {target}",
    )


def pivot_root(new_root: str, put_old: str) -> None:
    """pivot_root(2)."""
    _check(
        _libc.syscall(_NUMBERS[architecture()][1], new_root.encode(), put_old.encode()),
        "pivot_root",
    )


def unshare(flags: int) -> None:
    """unshare(2)."""
    _check(_libc.unshare(ctypes.c_int(flags)), f"unshare {flags:#x}")


def sethostname(name: bytes) -> None:
    """sethostname(2), in the UTS namespace of the caller."""
    _check(_libc.sethostname(name, len(name)), "sethostname")


def prctl(option: int, second: int = 0, third: int = 0) -> int:
    """prctl(2) with integer arguments."""
    args = [ctypes.c_ulong(n) for n in (second, third, 0, 0)]
    return _check(_libc.prctl(option, *args), f"prctl {option}")


def drop_all_capabilities() -> None:
    """capset(2) of three empty sets."""
    header = struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, struct.pack("=6I", *[0] * 6)), "capset")


def install_filter(program: bytes) -> None:
    """Load a classic BPF program as a seccomp filter (seccomp(2)); NO_NEW_PRIVS must be set before."""

    class SockFprog(ctypes.Structure):
        _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    code = ctypes.create_string_buffer(program, len(program))
    fprog = SockFprog(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    mode_filter = 2
    _check(
        _libc.prctl(
            PR_SET_SECCOMP, ctypes.c_ulong(mode_filter), ctypes.byref(fprog), ctypes.c_ulong(0), ctypes.c_ulong(0)
        ),
        "seccomp",
    )


def clone_process(flags: int) -> int:
    """fork() into new namespaces in one step: the child's pid in the parent, 0 in the child.

    The raw system call skips the C library's fork handlers, so the caller must have exactly one thread. Python's own
    handlers are run. The C library of the child keeps its parent's idea of the thread id: fork once more before
    running anything that may raise(3).
    """
    number = ctypes.c_long(_NUMBERS[architecture()][0])
    word = ctypes.c_ulong(flags | signal.SIGCHLD)
    nothing = [ctypes.c_ulong(0)] * 4
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = int(_libc_holding_gil.syscall(number, word, *nothing))
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    code = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(code, f"clone: {os.strerror(code)}")
    return pid


def openat2(directory: int, path: str, flags: int, mode: int, resolve: int) -> int:
    """openat2(2), Linux 5.6: a new descriptor. Always close-on-exec."""
    how = struct.pack("=QQQ", flags | os.O_CLOEXEC, mode, resolve)
    return _check(_libc.syscall(_OPENAT2, directory, os.fsencode(path), how, len(how)), f"open {path}")


def flush_c_streams() -> None:
    """fflush(3) of every C stream, for libraries that print with printf."""
    _libc.fflush(None)
