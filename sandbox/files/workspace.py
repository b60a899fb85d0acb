"""A session's work folder as the server reads and writes it, through a descriptor handed out before user code ran.

Everything in the folder is made by untrusted code. So every path is opened with openat2(2) beneath the folder, no link
followed, no mount crossed, nothing waited for, and only plain files are read or written.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.confinement import kernel

_RESOLVE_NO_XDEV, _RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 1, 2, 4, 8
_BENEATH: Final = _RESOLVE_NO_XDEV | _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_SYMLINKS | _RESOLVE_BENEATH
_MAX_LISTED: Final = 10_000
_CHUNK: Final = 1 << 20


class BadPath(ValueError):
    """A path that is absolute, empty, or leads upwards."""


class FileProblem(OSError):
    """A file could not be read, written, listed or removed; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing."""

    path: str
    folder: bool
    size: int


def relative(path: str) -> str:
    """`path` without empty and dot parts, relative to the work folder. Raises BadPath."""
    if path.startswith("/") or "\0" in path:
        raise BadPath(f"the path {path!r} must be relative to the work folder")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise BadPath(f"the path {path!r} names nothing inside the work folder")
    return "/".join(parts)


class Workspace:
    """File operations beneath one descriptor. All of them block: call them in a thread."""

    def __init__(self, descriptor: int, owner: int | None, max_file_bytes: int) -> None:
        self._root = descriptor
        self._owner = owner
        self._max_file_bytes = max_file_bytes
        self._users = 0
        self._closed = False

    def close(self) -> None:
        """Let the folder go. Until then it lives on, even after its session."""
        if not self._closed:
            self._closed = True
            os.close(self._root)

    def read(self, path: str) -> bytes:
        """The whole of a plain file. Raises FileProblem, BadPath."""
        path = relative(path)
        with self._problem(path), self._opened(path, os.O_RDONLY | os.O_NONBLOCK) as descriptor:
            information = os.fstat(descriptor)
            if not stat.S_ISREG(information.st_mode):
                raise FileProblem(f"{path} is not a plain file")
            if information.st_size > self._max_file_bytes:
                raise FileProblem(f"{path} has {information.st_size} bytes, more than a file may have here")
            data = bytearray()
            while chunk := os.read(descriptor, _CHUNK):
                data += chunk
                if len(data) > self._max_file_bytes:
                    raise FileProblem(f"{path} grows while it is read")
            return bytes(data)

    def write_all(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write all of the files or, if one can't be written, none. Raises FileProblem, BadPath."""
        targets = [(relative(path), data) for path, data in files]
        with contextlib.ExitStack() as stack:
            staged: list[tuple[int, str, str]] = []
            try:
                for path, data in targets:
                    head, _, name = path.rpartition("/")
                    with self._problem(path):
                        folder = stack.enter_context(self._opened_folder(head, create=True))
                        if _is_folder(folder, name):
                            raise FileProblem(f"{path} is a folder")
                        temporary = f".{secrets.token_hex(8)}.part"
                        staged.append((folder, temporary, name))
                        self._write_new(folder, temporary, data)
                for (path, _), (folder, temporary, name) in zip(targets, staged, strict=True):
                    with self._problem(path):
                        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                _unlink_all(staged)
                raise

    def listing(self, path: str) -> list[Entry]:
        """What is in a folder, by name; an empty path or `.` is the work folder. Links are left out."""
        path = "" if path in ("", ".", "./") else relative(path)
        found = []
        with self._problem(path or "."), self._opened_folder(path) as folder, os.scandir(folder) as entries:
            for count, item in enumerate(entries):
                if count >= _MAX_LISTED:
                    break
                with contextlib.suppress(FileNotFoundError):
                    information = item.stat(follow_symlinks=False)
                    if stat.S_ISREG(information.st_mode) or stat.S_ISDIR(information.st_mode):
                        name = os.fsencode(item.name).decode("utf-8", "backslashreplace")
                        where = f"{path}/{name}" if path else name
                        is_folder = stat.S_ISDIR(information.st_mode)
                        found.append(Entry(where, is_folder, 0 if is_folder else information.st_size))
        return sorted(found, key=lambda entry: entry.path)

    def remove(self, path: str) -> None:
        """Remove a file, a link itself, or an empty folder. Raises FileProblem, BadPath."""
        path = relative(path)
        head, _, name = path.rpartition("/")
        with self._problem(path), self._opened_folder(head) as folder:
            if _is_folder(folder, name):
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)

    def _write_new(self, folder: int, name: str, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o644, dir_fd=folder)
        try:
            self._give(descriptor)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view[:_CHUNK]) :]
        finally:
            os.close(descriptor)

    def _give(self, descriptor: int) -> None:
        """Make the session's user the owner of what the server, as root, has made."""
        if self._owner is not None:
            os.fchown(descriptor, self._owner, self._owner)

    @contextlib.contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[int]:
        if self._closed:
            raise FileProblem("the session has ended")
        descriptor = kernel.openat2(self._root, path or ".", flags, 0, _BENEATH)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _opened_folder(self, path: str, *, create: bool = False) -> Iterator[int]:
        if create:
            self._make_folders(path)
        with self._opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            yield descriptor

    def _make_folders(self, path: str) -> None:
        parts = path.split("/") if path else []
        for depth, name in enumerate(parts):
            with self._opened("/".join(parts[:depth]), os.O_RDONLY | os.O_DIRECTORY) as parent:
                try:
                    os.mkdir(name, 0o755, dir_fd=parent)
                except FileExistsError:
                    continue
            with self._opened("/".join(parts[: depth + 1]), os.O_RDONLY | os.O_DIRECTORY) as made:
                self._give(made)

    @contextlib.contextmanager
    def _problem(self, path: str) -> Iterator[None]:
        """Turn the kernel's errors into sentences about this path."""
        try:
            yield
        except FileProblem:
            raise
        except OSError as error:
            raise FileProblem(f"{path}: {os.strerror(error.errno or 0)}") from error


def _is_folder(folder: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _unlink_all(staged: Sequence[tuple[int, str, str]]) -> None:
    """Remove what was written and not renamed."""
    for folder, temporary, _ in staged:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
