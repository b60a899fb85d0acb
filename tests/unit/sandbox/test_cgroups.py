"""Control groups of both versions, in a folder that looks like the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.confinement import cgroups
from sandbox.confinement.cgroups import Cgroups
from sandbox.confinement.limits import Limits

LIMITS = Limits(memory_bytes=512 << 20, processes=32, disk_bytes=1, cpu_seconds=1, open_files=64, cpus=0.5)


def unified(root: Path, controllers: str = "cpu io memory pids", others: str = "") -> Path:
    """A group of version 2 with this process, and perhaps others, in it."""
    (root / "cgroup.controllers").write_text(controllers)
    (root / "cgroup.subtree_control").write_text("")
    (root / "cgroup.procs").write_text(f"{os.getpid()}\n{others}")
    return root


@pytest.fixture
def kernel_makes_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a real hierarchy a new group has its files from the first moment."""
    plain = Path.mkdir

    def mkdir(self: Path, *arguments: object, **named: object) -> None:
        plain(self, *arguments, **named)  # type: ignore[arg-type]
        for name in ("cgroup.procs", "cgroup.subtree_control", "memory.max", "memory.swap.max", "cpu.max", "pids.max"):
            (self / name).touch()

    monkeypatch.setattr(Path, "mkdir", mkdir)


def test_version_2_bounds_memory_processes_and_processors(
    tmp_path: Path, kernel_makes_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"": "/"})
    own = unified(tmp_path)
    groups = Cgroups.find(own)
    assert groups is not None and groups.share_processors
    assert (own / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    # A group with controllers for its children holds no process itself: the server has moved into one of them.
    assert (own / "code-sandbox-server" / "cgroup.procs").read_text() == "0"
    session = groups.make("abc", LIMITS)
    [folder] = session.folders
    assert folder == own / f"code-sandbox-{os.getpid()}" / "abc"
    read = {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "cpu.max", "pids.max")}
    assert read == {"memory.max": str(512 << 20), "memory.swap.max": "0", "cpu.max": "50000 100000", "pids.max": "34"}
    assert (folder.parent / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    session.let_run()
    assert (folder / "cpu.max").read_text().startswith("max")
    assert not (folder / "cpu.cfs_quota_us").exists()
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\n")
    assert session.memory_kills() == 3


def test_version_2_without_the_cpu_controller_bounds_the_rest(
    tmp_path: Path, kernel_makes_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"": "/"})
    groups = Cgroups.find(unified(tmp_path, controllers="memory pids"))
    assert groups is not None and not groups.share_processors
    [folder] = groups.make("abc", LIMITS).folders
    assert (folder / "cpu.max").read_text() == ""


@pytest.mark.parametrize("controllers", ["", "cpu io", "memory"])
def test_version_2_without_what_is_needed_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, controllers: str
) -> None:
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"": "/"})
    assert Cgroups.find(unified(tmp_path, controllers=controllers)) is None


def test_version_1_uses_one_folder_per_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"memory": "/own", "pids": "/", "cpu,cpuacct": "/", "": "/"})
    for folder in ("memory/own", "pids", "cpu,cpuacct"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "cgroup.procs").touch()
    parents = cgroups._version_1(tmp_path)
    assert parents == {
        tmp_path / "memory/own": {"memory"},
        tmp_path / "pids": {"pids"},
        tmp_path / "cpu,cpuacct": {"cpu"},
    }


def test_version_1_that_lacks_a_controller_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_own_groups", lambda: {"memory": "/", "pids": "/"})
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "cgroup.procs").touch()
    assert cgroups._version_1(tmp_path) is None


def test_sessions_join_as_a_single_thread_where_that_can_be_said(tmp_path: Path) -> None:
    first, second = tmp_path / "version-1", tmp_path / "version-2"
    for folder, names in ((first, ("tasks", "cgroup.procs")), (second, ("cgroup.procs",))):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    for entrance in cgroups.SessionGroup((first, second)).open_entrances():
        os.write(entrance, b"0")
        os.close(entrance)
    assert (first / "tasks").read_text() == "0" and (first / "cgroup.procs").read_text() == ""
    assert (second / "cgroup.procs").read_text() == "0"
