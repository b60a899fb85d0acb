"""What a session sees of the file system: a minimal read-only root, made once, and its own writable folders.

The zygote moves into the root before it imports anything, so that whatever it loads is there for sessions too. The
host's own root is detached from it: there is no path back, and no descriptor may stay open on it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from sandbox.confinement import kernel
from sandbox.confinement.limits import MEGABYTE, Limits

WORK_FOLDER: Final = "/session"
_HOST: Final = "/.host"
_READ_ONLY: Final = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
# Of /etc only what programs need to start; never passwd, hosts or keys of the host.
_ETC_FILES: Final = ("ld.so.cache", "localtime", "mime.types", "magic")
_ETC_FOLDERS: Final = ("alternatives", "fonts")
_USERS: Final = "root:x:0:0::/:/usr/sbin/nologin\nsandbox:x:{uid}:{gid}::/session:/bin/sh\n"
_MAX_INODES: Final = 16384
_SHARED_MEMORY_BYTES: Final = 64 * MEGABYTE


class FolderInTheWay(RuntimeError):
    """The interpreter lives under a folder that sessions need for themselves."""


def outermost(folders: list[str]) -> list[str]:
    """Those of these absolute paths that lie in none of the others; `/` is left out."""
    kept: list[str] = []
    for folder in sorted({os.path.normpath(folder) for folder in folders}, key=len):
        if folder != "/" and not any(_is_inside(folder, other) for other in kept):
            kept.append(folder)
    return kept


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def temporary_folder(shown: list[str]) -> str:
    """`/tmp`, or `/var/tmp` when something to be shown lives under `/tmp`: a tmpfs there would hide it."""
    for folder in ("/tmp", "/var/tmp"):  # noqa: S108 - mount points of the session, not files
        if not any(_is_inside(path, folder) for path in shown):
            return folder
    raise FolderInTheWay("the sandbox's interpreter may not live under both /tmp and /var/tmp")


def folders_to_show(folders: list[str]) -> list[str]:
    """`/usr`, the given folders that exist, and where links in them really lead."""
    existing = [folder for folder in ["/usr", *folders] if folder and Path(folder).is_dir()]
    shown = outermost(existing + [os.path.realpath(folder) for folder in existing])
    if any(_is_inside(path, WORK_FOLDER) for path in shown):
        raise FolderInTheWay(f"the sandbox's interpreter may not live under {WORK_FOLDER}")
    return shown


def enter_minimal_root(shown: list[str]) -> None:
    """Make the root in this process's own mount namespace, show those folders in it read-only, and move in.

    `/` itself stays writable until `seal_root`. Raises OSError where mounting is not allowed.
    """
    sources = {path: os.path.realpath(path) for path in shown}
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    # The tmpfs covers /tmp in this namespace until it becomes the root; the host's /tmp is then itself again.
    staging = "/tmp"  # noqa: S108 - a mount point
    kernel.mount("tmpfs", staging, "tmpfs", kernel.MS_NOSUID, "size=16m,mode=755")
    Path(staging + _HOST).mkdir()
    kernel.pivot_root(staging, staging + _HOST)
    os.chdir("/")
    for target, source in sources.items():
        _show(_HOST + source, target)
    _show_system_links()
    _make_etc()
    _make_devices()
    # Still the host's: a session's own proc is mounted over it, which in a user namespace needs this one visible.
    Path("/proc").mkdir()
    kernel.mount(_HOST + "/proc", "/proc", None, kernel.MS_BIND | kernel.MS_REC)
    for folder in (WORK_FOLDER, temporary_folder(shown)):
        Path(folder).mkdir(parents=True, exist_ok=True)
    kernel.unmount(_HOST)
    Path(_HOST).rmdir()


def seal_root() -> None:
    """Make `/` itself read-only; what is mounted below it keeps what it was given."""
    remount, read_only = 32, 1
    kernel.mount(None, "/", None, remount | read_only | kernel.MS_BIND | kernel.MS_NOSUID)


def _show(source: str, target: str, attributes: int = _READ_ONLY) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.restrict_mount(target, attributes)


def _show_system_links() -> None:
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        here, there = Path("/", name), Path(_HOST, name)
        if there.is_symlink():
            here.symlink_to(there.readlink())
        elif there.is_dir():
            _show(str(there), str(here))


def _make_etc() -> None:
    etc = Path("/etc")
    etc.mkdir(exist_ok=True)
    for name in _ETC_FILES:
        with contextlib.suppress(OSError):
            (etc / name).write_bytes(Path(_HOST, "etc", name).resolve().read_bytes())
    for name in _ETC_FOLDERS:
        if Path(_HOST, "etc", name).is_dir():
            _show(f"{_HOST}/etc/{name}", f"/etc/{name}")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n")


def _make_devices() -> None:
    dev = Path("/dev")
    dev.mkdir()
    for name in _DEVICES:
        (dev / name).touch()
        kernel.mount(f"{_HOST}/dev/{name}", f"/dev/{name}", None, kernel.MS_BIND)
        kernel.restrict_mount(f"/dev/{name}", kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NOEXEC)
    (dev / "shm").mkdir()
    (dev / "fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")


def mount_session_folders(limits: Limits, temporary: str, uid: int, gid: int) -> None:
    """The session's own proc, work folder, temporary folder and shared memory, in its own namespaces.

    Sizes and inode counts are bounded; nothing set-uid and no device works in any of them (tmpfs(5), proc(5)).
    """
    plain = kernel.MS_NOSUID | kernel.MS_NODEV
    owner = f"mode=700,uid={uid},gid={gid}"
    kernel.mount("proc", "/proc", "proc", plain | kernel.MS_NOEXEC, "subset=pid,hidepid=2")
    for target, size, inodes, flags in (
        (WORK_FOLDER, limits.disk_bytes, _MAX_INODES, plain),
        (temporary, limits.disk_bytes // 4, _MAX_INODES // 4, plain),
        ("/dev/shm", min(_SHARED_MEMORY_BYTES, limits.disk_bytes // 4), 256, plain | kernel.MS_NOEXEC),  # noqa: S108
    ):
        kernel.mount("tmpfs", target, "tmpfs", flags, f"size={size},nr_inodes={inodes},{owner}")
    os.chdir(WORK_FOLDER)


def write_users(uid: int, gid: int) -> None:
    """Tell getpwuid(3) the name of the one user there is, while `/` can still be written."""
    Path("/etc/passwd").write_text(_USERS.format(uid=uid, gid=gid))
    Path("/etc/group").write_text(f"sandbox:x:{gid}:\n")
