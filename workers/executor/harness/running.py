"""One run from its request to its report."""

import builtins
import contextlib
import getpass
import importlib
import json
import linecache
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from . import home
from .asking import asker
from .errors import error_of
from .figures import is_drawing, is_figure
from .files import FILES_LIMIT, changes, snapshot
from .program import compiled, evaluate
from .recorder import TEXT_LIMIT, Recorder, text_of
from .tables import with_tables

DRAWS = re.compile(r"matplotlib|seaborn|pyplot|\.plot\b|\.hist\b|\.boxplot\b")

count = 0
"""Programs run in this interpreter."""


def run(identifier: str) -> None:
    """Run `.aci/<identifier>/request.json` and write `report.json` beside it."""
    global count
    count += 1
    folder = os.path.join(home.WORK, home.HOME, identifier)
    with open(os.path.join(folder, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    code = request["code"]
    name = f"<program {count}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    recorder = Recorder(folder)
    before = snapshot()
    report: dict[str, Any] = {"exit": "ok", "text": None, "error": None, "execution_count": count}
    try:
        with in_place(recorder, request):
            try:
                body, last = compiled(code, name)
                variables = home.namespace()
                evaluate(body, variables)
                value = None if last is None else evaluate(last, variables)
                if value is not None and not is_drawing(value):
                    variables["_"] = value
                    report["text"] = text_of(value)[:TEXT_LIMIT]
                    recorder.show(value)
                    if is_figure(value) and "matplotlib.pyplot" in sys.modules:
                        # It is drawn now, and not once more among the open ones.
                        sys.modules["matplotlib.pyplot"].close(value)
            except SystemExit as stop:
                if stop.code not in (None, 0):
                    report["exit"], report["error"] = "error", error_of(stop, name)
            except BaseException as error:
                report["exit"], report["error"] = "error", error_of(error, name)
            recorder.open_figures()
    except BaseException as error:  # drawing or showing failed: that, too, is the program's
        if report["error"] is None:
            report["exit"], report["error"] = "error", error_of(error, name)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the program may have closed it, or put anything in its place
            stream.flush()
    changed = changes(before, snapshot())
    report |= {
        "outputs": recorder.outputs,
        "truncated": recorder.truncated or len(changed) > FILES_LIMIT,
        "files": changed[:FILES_LIMIT],
    }
    unfinished = os.path.join(folder, "report.tmp")
    # Lone surrogates (of a file name that is no UTF-8, say) have no place in JSON, be it as an escape of its own.
    with open(unfinished, "w", encoding="utf-8", errors="replace") as file:
        json.dump(report, file, default=str, ensure_ascii=False)
    os.replace(unfinished, os.path.join(folder, "report.json"))


@contextlib.contextmanager
def in_place(recorder: Recorder, request: "dict[str, Any]") -> "Iterator[None]":
    """For the time of a run, put our own in place of input(), display() and plt.show()."""
    ask = asker(request.get("inputs") or [])
    places: list[tuple[Any, str, Any]] = [
        (builtins, "input", ask),
        (getpass, "getpass", ask),
        (builtins, "display", recorder.show),
    ]
    shell = home.ipython()
    if shell is not None:
        places.append((shell.display_pub, "publish", recorder.publish))
        places.append((shell.display_formatter, "format", with_tables(shell.display_formatter.format)))

    def show(*_: Any, **__: Any) -> None:
        """A plain function: matplotlib writes attributes of it when it chooses its backend."""
        recorder.open_figures()

    if DRAWS.search(request["code"]) or "matplotlib.pyplot" in sys.modules:
        os.environ.setdefault("MPLBACKEND", "Agg")
        with contextlib.suppress(ImportError):
            places.append((importlib.import_module("matplotlib.pyplot"), "show", show))
    missing = object()
    saved = [(owner, name, owner.__dict__.get(name, missing)) for owner, name, _ in places]
    for owner, name, ours in places:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for owner, name, theirs in saved:
            if theirs is missing:
                delattr(owner, name)
            else:
                setattr(owner, name, theirs)
