"""`python as_user.py <uid> <command …>`: as root, become an ordinary user and run a command.

The interpreter may live where that user can't look, in root's home for one. So the folders on the way to it are shown
anew, in a mount namespace of this process's own, with nothing in them but that way.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))

from sandbox.confinement import kernel  # noqa: E402


def closed_folder(path: Path) -> Path | None:
    """The outermost folder on the way to `path` that others may not pass."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)


def show(path: Path) -> None:
    """Make `path` reachable for everybody."""
    while (closed := closed_folder(path)) is not None:
        held = os.open(path, os.O_PATH)
        kernel.mount("tmpfs", str(closed), "tmpfs", 0, "mode=755")
        path.mkdir(parents=True)
        kernel.mount(f"/proc/self/fd/{held}", str(path), None, kernel.MS_BIND | kernel.MS_REC)
        os.close(held)


def main(uid: int, command: list[str]) -> None:
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    for folder in {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), REPOSITORY}:
        show(folder)
    os.chdir(REPOSITORY)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
