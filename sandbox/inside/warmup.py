"""What the zygote loads once so that sessions start with it: IPython, the data packages, one drawn figure.

Sessions are made by a clone that copies one thread alone, so nothing here may leave a second one behind.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
from pathlib import Path
from typing import Final

from sandbox.confinement import kernel

# One thread each: threads would not survive the clone, and a session's share of the processors is small anyway.
ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "MPLBACKEND": "agg",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_PACKAGES: Final = ("numpy", "numpy.random", "pandas", "PIL.Image")


class NotSingleThreaded(RuntimeError):
    """A warmed-up package started a thread, so cloning would lose it and perhaps a lock it holds."""


def warm_up(*, packages: bool = True) -> None:
    """Import what is installed of the data packages, and draw one figure. Raises NotSingleThreaded."""
    if packages:
        _load_packages()
    threads = [entry.name for entry in Path("/proc/self/task").iterdir()]
    if len(threads) != 1:
        raise NotSingleThreaded(f"{len(threads)} threads run after the warm-up")
    # Everything so far is shared by all sessions: keep the collector from touching, and so copying, its pages. To look
    # for garbage first took longer than the rest of this, and found a fiftieth.
    gc.freeze()
    gc.enable()
    use_large_pages()


def use_large_pages() -> None:
    """Put this process' memory into large pages: a clone has less to copy, and a new session is there a tenth sooner.

    What a clone writes to is copied by small pages all the same. Where the kernel joins none, nothing is lost.
    """
    size = kernel.LARGE_PAGE
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, mode, _, _, inode = line.split()[:5]
        if mode == "rw-p" and inode == "0":  # of no file
            first, end = (int(edge, 16) for edge in span.split("-"))
            for address in range(-(-first // size) * size, end - size + 1, size):
                kernel.join_pages(address)


def _load_packages() -> None:
    for name in _PACKAGES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(ImportError):
        _draw_once()


def _draw_once() -> None:
    """The first figure costs most: fonts are found and the renderer is loaded."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure = pyplot.figure()
    figure.gca().plot([0, 1])
    figure.gca().set_title("warm-up")
    figure.canvas.draw()
    pyplot.close("all")


def clean_environment(home: str, temporary: str, interpreter: str) -> dict[str, str]:
    """The whole environment of a session's processes."""
    path = f"{os.path.dirname(interpreter)}:{ENVIRONMENT['PATH']}"  # noqa: PTH120 - a string for PATH
    return ENVIRONMENT | {
        "PATH": path,
        "HOME": home,
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "TMPDIR": temporary,
        "MPLCONFIGDIR": f"{temporary}/matplotlib",
        "IPYTHONDIR": f"{temporary}/ipython",
    }
