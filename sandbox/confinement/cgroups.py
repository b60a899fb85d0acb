"""Control groups, where this machine lets the server make them: memory and processes summed over a session.

Both hierarchies are known, version 1 (a mount per controller) and 2 (cgroups(7)). The groups of a server are named for
its pid, so that those of one that was killed can be told from those of one that lives, and removed.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.confinement.limits import Limits

_PREFIX: Final = "code-sandbox-"
_NEEDED: Final = frozenset({"memory", "pids"})
_WANTED: Final = _NEEDED | {"cpu"}
_PERIOD_MICROSECONDS: Final = 100_000

Parents = dict[Path, frozenset[str]]
"""Where groups can be made, and for which controllers; one folder in version 2, one per mount in version 1."""


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """The groups of one session: one folder in version 2, one per controller in version 1."""

    folders: tuple[Path, ...]
    kills: Path | None = None
    """Where the kernel counts whom it killed because memory ran out."""

    def open_entrances(self) -> list[int]:
        """Descriptors through which the session's first process joins by writing `0`; the caller closes them.

        Version 1 has a file for single threads, and that process has but one: a thread that moves itself takes no lock
        that all forks share; for a process that takes some 8 ms (cgroup_procs_write_start in kernel/cgroup/cgroup.c).
        """
        return [os.open(_entrance(folder), os.O_WRONLY | os.O_CLOEXEC) for folder in self.folders]

    def let_run(self) -> None:
        """Lift the ceiling on processor time: who has used up a period's part could not even die before the next."""
        for folder in self.folders:
            for name, unlimited in (("cpu.max", "max"), ("cpu.cfs_quota_us", "-1")):
                with contextlib.suppress(OSError):
                    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CLOEXEC)  # never makes a file
                    try:
                        os.write(descriptor, unlimited.encode())
                    finally:
                        os.close(descriptor)

    def memory_kills(self) -> int:
        """How many processes the kernel killed here because memory ran out. Asked often, so of one file alone."""
        if self.kills is not None:
            with contextlib.suppress(OSError):
                descriptor = os.open(self.kills, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    words = os.read(descriptor, 4096).split()
                finally:
                    os.close(descriptor)
                if b"oom_kill" in words:
                    return int(words[words.index(b"oom_kill") + 1])
        return 0

    def remove(self) -> bool:
        """Remove the groups; False while a process is still leaving."""
        for folder in self.folders:
            with contextlib.suppress(FileNotFoundError):
                try:
                    folder.rmdir()
                except OSError:
                    return False
        return True


class Cgroups:
    """Makes groups for sessions below the server's own."""

    def __init__(self, parents: Parents) -> None:
        self._parents = parents
        self._name = f"{_PREFIX}{os.getpid()}"

    @property
    def share_processors(self) -> bool:
        """Whether a session is held to its share of the processors too."""
        return any("cpu" in controllers for controllers in self._parents.values())

    @classmethod
    def find(cls, mounted_at: Path) -> Cgroups | None:
        """The hierarchy in which this process may make groups for memory and processes, or None."""
        for parents in (_version_2(mounted_at), _version_1(mounted_at)):
            if parents is None:
                continue
            groups = cls(parents)
            try:
                groups._remove_left_over()
                groups._make_server_groups()
            except OSError:
                groups.close()
                continue
            return groups
        return None

    def make(self, session_id: str, limits: Limits) -> SessionGroup:
        """Groups with these limits. Raises OSError."""
        made, kills = [], None
        for parent, controllers in self._parents.items():
            folder = parent / self._name / session_id
            folder.mkdir()
            made.append(folder)
            if "memory" in controllers:
                kills = _limit_memory(folder, limits.memory_bytes)
            if "cpu" in controllers:
                _limit_processors(folder, limits.cpus)
            if "pids" in controllers:
                # Two above the rlimit: the session's init, and room for the fork that fails with the clearer error.
                (folder / "pids.max").write_text(str(limits.processes + 2))
        return SessionGroup(tuple(made), kills)

    def close(self) -> None:
        """Remove the server's groups, which are empty once all sessions have ended."""
        for parent in self._parents:
            with contextlib.suppress(OSError):
                (parent / self._name).rmdir()

    def _make_server_groups(self) -> None:
        for parent, controllers in self._parents.items():
            folder = parent / self._name
            folder.mkdir(exist_ok=True)
            if (folder / "cgroup.subtree_control").exists():
                (folder / "cgroup.subtree_control").write_text(_enable(controllers))
            os.close(os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))

    def _remove_left_over(self) -> None:
        for parent in self._parents:
            for folder in parent.glob(f"{_PREFIX}*"):
                pid = folder.name.removeprefix(_PREFIX)
                if pid.isdigit() and not Path("/proc", pid).exists():
                    for inner in [*folder.glob("*/"), folder]:
                        with contextlib.suppress(OSError):
                            inner.rmdir()


def _entrance(folder: Path) -> Path:
    tasks = folder / "tasks"
    return tasks if tasks.exists() else folder / "cgroup.procs"


def _limit_memory(folder: Path, limit: int) -> Path:
    """Returns the file in which the kernel counts whom it killed for it."""
    if (folder / "memory.max").exists():
        (folder / "memory.max").write_text(str(limit))
        with contextlib.suppress(OSError):
            (folder / "memory.swap.max").write_text("0")
        return folder / "memory.events"
    (folder / "memory.limit_in_bytes").write_text(str(limit))
    with contextlib.suppress(OSError):  # absent where swap is not accounted
        (folder / "memory.memsw.limit_in_bytes").write_text(str(limit))
    return folder / "memory.oom_control"


def _limit_processors(folder: Path, cpus: float) -> None:
    """Beside this ceiling all sessions weigh alike, so that a busy one leaves the others their part."""
    quota = round(cpus * _PERIOD_MICROSECONDS)
    if (folder / "cpu.max").exists():
        (folder / "cpu.max").write_text(f"{quota} {_PERIOD_MICROSECONDS}")
        return
    (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
    (folder / "cpu.cfs_quota_us").write_text(str(quota))


def _enable(controllers: frozenset[str]) -> str:
    return " ".join(f"+{name}" for name in sorted(controllers))


def _own_groups() -> dict[str, str]:
    """Controllers (comma-separated, empty for version 2) to the path of this process's group."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return {controllers: path for _, controllers, path in (line.split(":", 2) for line in lines)}


def _version_2(mounted_at: Path) -> Parents | None:
    own = mounted_at / _own_groups().get("", "/").lstrip("/")
    try:
        offered = frozenset((own / "cgroup.controllers").read_text().split()) & _WANTED
        if not offered >= _NEEDED:
            return None
        if not set((own / "cgroup.subtree_control").read_text().split()) >= offered:
            _make_room(own)
            (own / "cgroup.subtree_control").write_text(_enable(offered))
    except OSError:
        return None
    return {own: offered}


def _make_room(own: Path) -> None:
    """A group whose children have controllers may hold no process itself: move into one of them, if we are alone."""
    if (own / "cgroup.procs").read_text().split() == [str(os.getpid())]:
        leaf = own / f"{_PREFIX}server"
        leaf.mkdir(exist_ok=True)
        (leaf / "cgroup.procs").write_text("0")


def _version_1(mounted_at: Path) -> Parents | None:
    parents: Parents = {}
    for controllers, path in _own_groups().items():
        wanted = _WANTED & set(controllers.split(","))
        folder = mounted_at / controllers / path.lstrip("/")
        if wanted and os.access(folder / "cgroup.procs", os.W_OK):
            parents[folder] = wanted
    found = frozenset().union(*parents.values())
    return parents if found >= _NEEDED else None
