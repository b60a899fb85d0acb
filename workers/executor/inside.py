"""Runs inside the sandbox, sent along with each call: cuts a large file into pieces, and puts one together from them.

It stands alone and leaves no name behind. What a program does to it harms that program's own files alone: whoever asks
believes nothing but the bytes that come out, and their number.
"""

import os
import stat
import sys

_works = [
    module.home.WORK
    for name, module in list(sys.modules.items())
    if name.startswith("aci_harness_") and "." not in name
]
WORK = _works[0] if _works else os.getcwd()
"""The working directory of the session; an earlier program may have gone elsewhere."""


def cut(path: str, state: "list[int]", offset: int, length: int, piece: str) -> None:
    """Copy a part of a plain file into the file `piece`. Raises OSError unless it is still the one that was seen:
    the same size, time of change and inode, and no link anywhere on its way.
    """
    path, piece = os.path.join(WORK, path), os.path.join(WORK, piece)
    if os.path.realpath(path) != os.path.join(os.path.realpath(WORK), os.path.relpath(path, WORK)):
        raise OSError(f"{path} leads elsewhere")
    os.makedirs(os.path.dirname(piece), exist_ok=True)
    source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        now = os.fstat(source)
        if not stat.S_ISREG(now.st_mode) or [now.st_size, now.st_mtime_ns, now.st_ino] != state:
            raise OSError(f"{path} has changed")
        with open(piece, "wb") as target:
            while length > 0:
                part = os.pread(source, min(length, 1 << 20), offset)
                if not part:
                    raise OSError(f"{path} has shrunk")
                target.write(part)
                offset += len(part)
                length -= len(part)
    finally:
        os.close(source)


def join(piece: str, whole: str, *, first: bool) -> None:
    """Add a piece to the end of `whole`, and remove it."""
    piece, whole = os.path.join(WORK, piece), os.path.join(WORK, whole)
    with open(piece, "rb") as source, open(whole, "wb" if first else "ab") as target:
        while part := source.read(1 << 20):
            target.write(part)
    os.unlink(piece)


def place(whole: str, path: str) -> None:
    """Put what is whole now where it belongs. A link that lies there is replaced, and not followed."""
    path = os.path.join(WORK, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.replace(os.path.join(WORK, whole), path)
