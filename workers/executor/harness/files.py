"""Which files a run created, changed or deleted: two looks at the working directory, compared."""

import contextlib
import os
from typing import Any

from . import home

Snapshot = dict[str, tuple[int, int, int]]
"""Size, time of change in nanoseconds and inode of files, by path."""

FILES_LIMIT = 1000
LOOKED_AT = 20 * FILES_LIMIT
"""Files that are looked at; of more, what became of the rest is not known."""


def snapshot() -> Snapshot:
    """Size and time of every file in the working directory, by path; links and our own folder left out."""
    found: Snapshot = {}
    for folder, folders, names in os.walk(home.WORK):
        if folder == home.WORK:
            folders[:] = [
                each for each in folders if each not in (home.HOME, "__pycache__", ".ipython", ".cache", ".config")
            ]
        for name in names:
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                state = os.lstat(path)
                if os.path.isfile(path) and not os.path.islink(path):
                    found[os.path.relpath(path, home.WORK)] = (state.st_size, state.st_mtime_ns, state.st_ino)
            if len(found) >= LOOKED_AT:
                return found
    return found


def changes(before: Snapshot, after: Snapshot) -> "list[dict[str, Any]]":
    """What differs between two snapshots. `state` is what a file is known by when it is fetched."""
    found: list[dict[str, Any]] = [
        {"path": path, "size": state[0], "change": "modified" if path in before else "created", "state": state}
        for path, state in sorted(after.items())
        if before.get(path) != state
    ]
    # Not all that is missing in an incomplete look is gone.
    whole = len(after) < LOOKED_AT
    gone = (
        path for path in sorted(set(before) - set(after)) if whole or not os.path.lexists(os.path.join(home.WORK, path))
    )
    return found + [{"path": path, "size": 0, "change": "deleted", "state": (0, 0, 0)} for path in gone]
