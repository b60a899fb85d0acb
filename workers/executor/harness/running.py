"""One run from its request to its report."""

import contextlib
import json
import linecache
import os
import shutil
import sys
from typing import Any

from . import home
from .channel import Channel, spelled
from .errors import error_of
from .figures import is_drawing
from .files import FILES_LIMIT, changes, snapshot
from .places import in_place
from .program import compiled, evaluate
from .recorder import TEXT_LIMIT, Recorder
from .turns import Turns
from .values import text_of
from .warned import Warned

REPORT_INLINE_LIMIT = 64_000
"""Characters of a report that is sent at once; a longer one is read from its file."""

count = 0
"""Programs run in this interpreter."""
last_folder: "str | None" = None


def run(request_text: str) -> None:
    """Run the program of a request: `{"id", "nonce", "inline", "code", "inputs"}` as JSON.

    Everything is written to `.aci/<id>/report.json`, and said on the way through the channel.
    """
    global count, last_folder
    count += 1
    request = json.loads(request_text)
    folder = os.path.join(home.WORK, home.HOME, request["id"])
    if last_folder is not None:
        shutil.rmtree(last_folder, ignore_errors=True)  # whoever wanted it has read it by now
    last_folder = folder
    channel = Channel(request.get("nonce") or "", request.get("inline") or 0)
    recorder = Recorder(folder, channel)
    before = snapshot()
    channel.mark("begin", count)
    with Turns(channel).watched() if request.get("nonce") else contextlib.nullcontext():
        report = outcome(request, recorder)
    if channel.is_forks:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the program may have closed it, or put anything in its place
            stream.flush()
    changed = changes(before, snapshot())
    report |= {
        "execution_count": count,
        "outputs": recorder.outputs,
        "truncated": recorder.truncated or len(changed) > FILES_LIMIT,
        "files": changed[:FILES_LIMIT],
        "files_left_out": len(changed[FILES_LIMIT:]),
    }
    text = write(report, folder)
    if recorder.sent:
        outputs = [None if number in recorder.sent else bundle for number, bundle in enumerate(recorder.outputs)]
        text = spelled(report | {"outputs": outputs})
    channel.mark("report", 0, text if len(text) <= REPORT_INLINE_LIMIT else "")


def outcome(request: "dict[str, Any]", recorder: Recorder) -> "dict[str, Any]":
    """Run it, and say how it ended."""
    code = request["code"]
    name = f"<program {count}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    warned = Warned(name)
    report: dict[str, Any] = {"exit": "ok", "text": None, "error": None}

    def failed(error: BaseException) -> None:
        if report["error"] is None:
            report["exit"], report["error"] = "error", error_of(error, name)

    try:
        with in_place(recorder, warned, request):
            try:
                report["text"] = value_of(code, name, recorder)
            except SystemExit as stop:
                if stop.code not in (None, 0):
                    failed(stop)
            except BaseException as error:
                failed(error)
            recorder.drawn.open_figures()
    except BaseException as error:  # drawing or showing failed: that, too, is the program's
        failed(error)
    report["warnings"] = warned.found
    return report


def value_of(code: str, name: str, recorder: Recorder) -> "str | None":
    """Run a program to its end. The value of its last expression is shown, and returned as text."""
    variables = home.namespace()
    variables.pop("__warningregistry__", None)  # what was warned of in an earlier program is, in this one, news
    body, last = compiled(code, name)
    evaluate(body, variables)
    value = None if last is None else evaluate(last, variables)
    if value is None or is_drawing(value):
        return None
    variables["_"] = value
    bundle = recorder.bundle(value) or {}
    recorder.add(bundle)
    text = bundle.get("text/plain")
    return text[:TEXT_LIMIT] if isinstance(text, str) else text_of(value)[:TEXT_LIMIT]


def write(report: "dict[str, Any]", folder: str) -> str:
    """Put the report where the executor looks for it. Returns its text."""
    text = spelled(report)
    os.makedirs(folder, exist_ok=True)
    unfinished = os.path.join(folder, "report.tmp")
    with open(unfinished, "w", encoding="ascii") as file:
        file.write(text)
    os.replace(unfinished, os.path.join(folder, "report.json"))
    return text
