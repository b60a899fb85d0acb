"""Runs one program inside the sandbox and writes down what it did.

The executor sends this file into the sandbox session and starts it there, on our own server as on AWS: it
stands alone, uses the standard library, and the data packages only where they are installed. Output streams are
left as they are; figures, tables, values, the error and the changed files go into a report beside the program.
"""

import ast
import asyncio
import base64
import builtins
import contextlib
import getpass
import importlib
import io
import json
import linecache
import os
import re
import sys
import threading
import tokenize
import traceback
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

Bundle = dict[str, Any]
"""MIME types, each with its text, its JSON, or {"file": name} for bytes that lie beside the report."""

Snapshot = dict[str, tuple[int, int, int]]
"""Size, time of change in nanoseconds and inode of files, by path."""

HOME = ".aci"
"""Folder, in the working directory, for the program and the report; never listed as the user's."""

TEXT_LIMIT = 500_000
"""Characters of one representation of a value; a longer one is left out, or cut where it is plain text."""
OUTPUTS_LIMIT = 200
TABLE_ROWS = 100
TABLE_COLUMNS = 60
FILES_LIMIT = 1000
TRACEBACK_LINES = 100

DRAWS = re.compile(r"matplotlib|seaborn|pyplot|\.plot\b|\.hist\b|\.boxplot\b")

WORK = os.getcwd()
"""The working directory, wherever a program may go from there."""

count = 0
"""Programs run in this interpreter."""


class Recorder:
    """Collects the outputs of one run, in order."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.outputs: list[Bundle] = []
        self.truncated = False
        self.figures = 0

    def add(self, bundle: "Bundle | None") -> None:
        """Take a mapping of MIME types to text, JSON, or {"file": name}."""
        if not bundle:
            return
        if len(self.outputs) >= OUTPUTS_LIMIT:
            self.truncated = True
            return
        kept: Bundle = {}
        for mime, value in bundle.items():
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            if len(text) <= TEXT_LIMIT:
                kept[mime] = value
            elif mime == "text/plain":
                kept[mime] = text[:TEXT_LIMIT] + " …"
                self.truncated = True
            else:
                self.truncated = True
        if kept:
            self.outputs.append(kept)

    def store(self, content: bytes, ending: str) -> "dict[str, str]":
        """Keep bytes beside the report, to be fetched from there. Returns how a bundle refers to them."""
        self.figures += 1
        name = f"figure-{self.figures}.{ending}"
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)
        return {"file": name}

    def show(self, *values: Any) -> None:
        """`display()`: show values where they are, not only at the end."""
        for value in values:
            self.add(self.bundle(value))

    def publish(self, data: "Bundle", metadata: Any = None, **_: Any) -> None:
        """In place of IPython's display publisher, for `IPython.display.display` and what uses it."""
        self.add(self.bytes_apart(dict(data)))

    def bundle(self, value: Any) -> "Bundle":
        """How a value can be shown: a mapping of MIME types."""
        if is_figure(value):
            return self.figure(value)
        table = table_of(value)
        if table is not None:
            return table
        if is_image(value):
            stream = io.BytesIO()
            value.save(stream, format="PNG")
            return {"image/png": self.store(stream.getvalue(), "png"), "text/plain": text_of(value)}
        shell = ipython()
        if shell is not None:
            with contextlib.suppress(Exception):
                data, _ = shell.display_formatter.format(value)
                return self.bytes_apart(data)
        return {"text/plain": text_of(value)}

    def bytes_apart(self, data: "Bundle") -> "Bundle":
        """Pictures out of a bundle into files: as bytes, or as the base64 text in which kernels send them."""
        for mime, ending in (("image/png", "png"), ("image/jpeg", "jpg")):
            content = data.get(mime)
            if isinstance(content, str):
                content = base64.b64decode(content)
            if isinstance(content, bytes):
                data[mime] = self.store(content, ending)
        return {mime: value for mime, value in data.items() if not isinstance(value, bytes)}

    def figure(self, figure: Any) -> "Bundle":
        """A matplotlib figure as PNG."""
        stream = io.BytesIO()
        figure.savefig(stream, format="png", bbox_inches="tight", dpi=110)
        return {"image/png": self.store(stream.getvalue(), "png"), "text/plain": text_of(figure)}

    def open_figures(self) -> None:
        """`plt.show()`, and the end of the run: every figure that is open, in the order they were made."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if figure.get_axes() or figure.texts or figure.images:
                self.add(self.figure(figure))
        pyplot.close("all")


def is_figure(value: Any) -> bool:
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def is_image(value: Any) -> bool:
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)


def is_drawing(value: Any) -> bool:
    """What matplotlib's functions return and nobody wants to read: axes, lines, bars, and lists of them."""
    first = value
    if isinstance(value, (list, tuple)) and value:
        first = value[0]
    elif type(value).__name__ == "ndarray" and value.size and value.dtype == object:
        first = value.flat[0]
    return type(first).__module__.partition(".")[0] == "matplotlib" and not is_figure(value)


def text_of(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: its repr() raised {type(error).__name__}>"


def table_of(value: Any) -> "Bundle | None":
    """A DataFrame or Series as a Tabular Data Resource (specs.frictionlessdata.io), as HTML and as text, or None.

    Only the rows that are shown are ever touched, so a frame of ten million costs nothing extra.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return None
    frame = value.to_frame() if isinstance(value, pandas.Series) else value
    head = frame.iloc[:TABLE_ROWS, :TABLE_COLUMNS]
    resource = None
    if plain(head):
        with contextlib.suppress(ValueError, TypeError, OverflowError):  # not every frame can be written as one
            resource = json.loads(head.to_json(orient="table", index=True, date_format="iso", default_handler=str))
    with pandas.option_context("display.max_rows", TABLE_ROWS, "display.max_columns", TABLE_COLUMNS):
        bundle = {"text/html": head.to_html(max_rows=TABLE_ROWS), "text/plain": repr(value)}
    if resource is not None:
        bundle["application/vnd.dataresource+json"] = {
            "profile": "tabular-data-resource",
            "schema": resource["schema"],
            "data": resource["data"],
            "rows": len(frame),
            "columns": len(frame.columns),
        }
    return bundle


def with_tables(theirs: "Callable[..., Any]") -> "Callable[..., Any]":
    """IPython's formatter, but for tables, which we know more of: for what is shown by IPython's own `display`."""

    def format_value(value: Any, *words: Any, **named: Any) -> Any:
        table = table_of(value)
        return theirs(value, *words, **named) if table is None else (table, {})

    return format_value


def plain(frame: Any) -> bool:
    """Whether pandas can write it as a table: names that are unique and no levels of columns."""
    return frame.columns.nlevels == 1 and frame.columns.is_unique and not set(frame.index.names) & set(frame.columns)


def ipython() -> Any:
    """The interpreter's IPython shell, or None where there is none."""
    get = getattr(builtins, "get_ipython", None)
    if get is None and "IPython" in sys.modules:
        get = sys.modules["IPython"].get_ipython
    return get() if get is not None else None


def namespace() -> "dict[str, Any]":
    """Where the user's variables live: they persist from run to run."""
    shell = ipython()
    return shell.user_ns if shell is not None else sys.modules["__main__"].__dict__


class NoMoreInput(EOFError):
    """The program asked for more input than it was given."""


# In a traceback it reads as what it is to the program.
NoMoreInput.__name__ = NoMoreInput.__qualname__ = "EOFError"
NoMoreInput.__module__ = "builtins"


def asker(answers: "list[str]") -> "Callable[..., str]":
    """A stand-in for `input()` that gives the answers in turn, and shows question and answer as a terminal would."""
    waiting = list(answers)

    def ask(prompt: object = "", *_: Any) -> str:
        if not waiting:
            print(prompt, flush=True)
            raise NoMoreInput(
                f"the program asks for input ({str(prompt).strip() or 'without a prompt'!r}), and every given input "
                "has been used; add another to `inputs`"
            )
        answer = waiting.pop(0)
        print(f"{prompt}{answer}", flush=True)
        return answer

    return ask


def compiled(code: str, name: str) -> "tuple[CodeType, CodeType | None]":
    """The program in two parts: all statements, and the last expression to be shown (or None).

    IPython's magics are understood where IPython is there. Raises SyntaxError.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        tree = ast.parse(code, name)
    except SyntaxError:
        shell = ipython()
        changed = shell.transform_cell(code) if shell is not None else code
        if changed == code:
            raise
        tree = ast.parse(changed, name)
    final = tree.body[-1] if tree.body else None
    last: CodeType | None = None
    if isinstance(final, ast.Expr) and not silenced(code):
        tree.body.pop()
        last = compile(ast.Expression(final.value), name, "eval", flags=flags, dont_inherit=True)
    return compile(tree, name, "exec", flags=flags, dont_inherit=True), last


def silenced(code: str) -> bool:
    """Whether the program ends with a semicolon, which keeps the last value from being shown."""
    last = ""
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type in (tokenize.OP, tokenize.NAME, tokenize.NUMBER, tokenize.STRING):
                last = token.string
    return last == ";"


def evaluate(part: CodeType, variables: "dict[str, Any]") -> Any:
    """Run compiled code; await it when it has a top-level await."""
    result = eval(part, variables)
    if not asyncio.iscoroutine(result):
        return result
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(result)
    box: list[Any] = []  # a loop runs in this thread already, as in a kernel: use another
    thread = threading.Thread(target=lambda: box.append(asyncio.run(result)))
    thread.start()
    thread.join()
    return box[0] if box else None


def error_of(error: BaseException, name: str) -> "dict[str, Any]":
    """What went wrong, in the user's own lines: frames of this file are left out."""
    line = None
    if isinstance(error, SyntaxError) and error.filename == name:
        lines = traceback.format_exception_only(type(error), error)
        line = error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == name:
                line = frame.lineno
        whole = traceback.TracebackException.from_exception(error)
        leave_out_harness(whole, name)
        lines = list(whole.format())
    lines = [part for text in lines for part in text.rstrip("\n").split("\n")]
    if len(lines) > TRACEBACK_LINES:
        half = TRACEBACK_LINES // 2
        lines = [*lines[:half], f"  … {len(lines) - 2 * half} lines left out …", *lines[-half:]]
    return {
        "name": type(error).__name__[:200],
        "value": str(error)[:10_000],
        "traceback": [text[:2000] for text in lines],
        "line": line,
    }


def leave_out_harness(whole: "traceback.TracebackException | None", name: str) -> None:
    """Take out of a traceback, and of those of its causes, what is not the program's: this file's frames, and after
    an interrupt whatever lies beyond the program's own last line, where the signal was handled.
    """
    while whole is not None:
        frames = [frame for frame in whole.stack if frame.filename != __file__]
        if whole.exc_type is KeyboardInterrupt:
            while frames and frames[-1].filename != name:
                frames.pop()
        whole.stack = traceback.StackSummary.from_list(frames)
        whole = whole.__cause__ or whole.__context__


def snapshot() -> Snapshot:
    """Size and time of every file in the working directory, by path; links and our own folder left out."""
    found: Snapshot = {}
    for folder, folders, names in os.walk(WORK):
        if folder == WORK:
            folders[:] = [
                each for each in folders if each not in (HOME, "__pycache__", ".ipython", ".cache", ".config")
            ]
        for name in names:
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                state = os.lstat(path)
                if os.path.isfile(path) and not os.path.islink(path):
                    found[os.path.relpath(path, WORK)] = (state.st_size, state.st_mtime_ns, state.st_ino)
            if len(found) > 20 * FILES_LIMIT:
                return found
    return found


def changes(before: Snapshot, after: Snapshot) -> "list[dict[str, Any]]":
    """What differs between two snapshots."""
    found: list[dict[str, Any]] = [
        {"path": path, "size": state[0], "change": "modified" if path in before else "created"}
        for path, state in sorted(after.items())
        if before.get(path) != state
    ]
    found += [{"path": path, "size": 0, "change": "deleted"} for path in sorted(set(before) - set(after))]
    return found


def run(identifier: str) -> None:
    """Run `.aci/<identifier>/request.json` and write `report.json` beside it."""
    global count
    count += 1
    folder = os.path.join(WORK, HOME, identifier)
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
                variables = namespace()
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
    shell = ipython()
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
