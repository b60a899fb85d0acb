"""For the time of a run, our own in place of what would ask, show or warn: input(), display(), plt.show() and so on."""

import builtins
import contextlib
import getpass
import importlib
import os
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from .asking import Asker
from .charts import watch_boxes
from .figures import Drawn
from .home import ipython
from .recorder import Recorder
from .tables import table_of
from .warned import Warned

PACKAGES = (
    (re.compile(r"matplotlib|seaborn|pyplot|\.plot\b|\.hist\b|\.boxplot\b"), "matplotlib.pyplot"),
    (re.compile(r"plotly"), "plotly.io"),
    (re.compile(r"\bPIL\b"), "PIL.Image"),
)
"""What is loaded before the program where it seems to use it, so that its functions can be replaced."""

Place = tuple[Any, str, Any]
"""Whose attribute, its name, and what is to stand there."""

MISSING = object()


@contextlib.contextmanager
def in_place(recorder: Recorder, warned: Warned, request: "dict[str, Any]") -> "Iterator[None]":
    """All of them, put back afterwards."""
    places = [
        *asking(request),
        (builtins, "display", recorder.show),
        (warnings, "showwarning", warned.instead_of(warnings.showwarning)),
        *of_ipython(recorder),
        *of_packages(recorder, request["code"]),
    ]
    saved = [(owner, name, owner.__dict__.get(name, MISSING)) for owner, name, _ in places]
    for owner, name, ours in places:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for owner, name, theirs in saved:
            if theirs is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, theirs)


def asking(request: "dict[str, Any]") -> "list[Place]":
    """`input()` and `getpass()`."""
    ask = Asker(request.get("inputs") or [], live=request.get("ask", False))
    return [(builtins, "input", ask.input), (getpass, "getpass", ask.getpass)]


def of_ipython(recorder: Recorder) -> "list[Place]":
    """Where IPython's own display() sends to, and its formatter, which knows less of tables and figures than we do."""
    shell = ipython()
    if shell is None:
        return []
    theirs = shell.display_formatter.format

    def format_value(value: Any, *words: Any, **named: Any) -> Any:
        for form in (recorder.drawn.bundle, table_of):
            bundle = form(value)
            if bundle is not None:
                return bundle, {}
        return theirs(value, *words, **named)

    return [
        (shell.display_pub, "publish", recorder.publish),
        (shell.display_pub, "clear_output", recorder.clear),
        (shell.display_formatter, "format", format_value),
    ]


def of_packages(recorder: Recorder, code: str) -> "list[Place]":
    """What opens a window elsewhere."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    for mention, module in PACKAGES:
        if mention.search(code):
            with contextlib.suppress(Exception):
                importlib.import_module(module)
    places: list[Place] = []
    if "matplotlib.pyplot" in sys.modules:
        places += of_matplotlib(recorder.drawn, recorder)
    image = sys.modules.get("PIL.Image")
    if image is not None:
        places.append((image.Image, "show", lambda image, *_, **__: recorder.show(image)))
    if "plotly.io" in sys.modules:
        places.append((sys.modules["plotly.io"], "show", lambda figure, *_, **__: recorder.show(figure)))
        base = sys.modules.get("plotly.basedatatypes")
        if base is not None:
            places.append((base.BaseFigure, "show", lambda figure, *_, **__: recorder.show(figure)))
    return places


def of_matplotlib(drawn: Drawn, recorder: Recorder) -> "list[Place]":
    """`plt.show()`, `figure.show()`, `savefig()`."""
    kind = sys.modules["matplotlib.figure"].Figure
    theirs = kind.savefig

    def show(*_: Any, **__: Any) -> None:
        """A plain function: matplotlib writes attributes of it when it chooses its backend."""
        drawn.open_figures()

    def show_one(figure: Any, *_: Any, **__: Any) -> None:
        recorder.show(figure)

    def savefig(figure: Any, fname: Any, *words: Any, **named: Any) -> Any:
        was_shown = drawn.is_shown(figure)
        result = theirs(figure, fname, *words, **named)
        # Frames of an animation are saved one by one, and are no figures.
        caller = sys._getframe(1).f_globals.get("__name__")
        if caller != "matplotlib.animation" and named.get("format") not in ("raw", "rgba"):
            target = os.fspath(fname) if isinstance(fname, os.PathLike) else fname
            drawn.saved(figure, target, named.get("format"), was_shown=was_shown)
        return result

    savefig.theirs = theirs  # type: ignore[attr-defined]
    axes = sys.modules["matplotlib.axes"].Axes
    return [
        (sys.modules["matplotlib.pyplot"], "show", show),
        (kind, "show", show_one),
        (kind, "savefig", savefig),
        (axes, "bxp", watch_boxes(axes.bxp)),
    ]
