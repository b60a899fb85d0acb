"""What the syntax tree of a program tells without running it: that it parses, what it imports, asks, draws and reads.

The program is anybody's: nothing here raises over it, and nothing of it is run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
TOO_DEEP = "it is nested too deeply or holds characters that Python does not take"
LISTED = 200
"""Of each kind of thing that is found, so many are told."""

DRAWING = frozenset({"matplotlib", "seaborn", "plotly", "bokeh", "altair"})
DRAWS = frozenset({"plot", "hist", "boxplot", "scatter", "savefig"})
READS = frozenset(
    {
        *("open", "read_csv", "read_table", "read_fwf", "read_excel", "read_json", "read_parquet", "read_feather"),
        *("read_pickle", "read_xml", "read_html", "loadtxt", "genfromtxt", "fromfile", "imread", "load_workbook"),
    }
)
READS_PATH = frozenset({"read_text", "read_bytes", "open"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that is told of a program. Without a tree, only why there is none."""

    problem: str | None = None
    line: int | None = None
    column: int | None = None
    imports: list[str] = field(default_factory=list)
    """Names of the modules at the top: `matplotlib` for `matplotlib.pyplot`."""
    inputs: list[dict[str, Any]] = field(default_factory=list)
    draws: bool = False
    reads_files: list[str] = field(default_factory=list)
    """Paths that the program names itself where it opens them to read."""


def analyze(code: str) -> Analysis:
    """Look a program through. Takes a few milliseconds for a screenful, and up to a second for the longest."""
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        return Analysis(error.msg, error.lineno, error.offset)
    except UNPARSABLE:
        return Analysis(TOO_DEEP)
    nodes = list(ast.walk(tree))
    imports = sorted({name.partition(".")[0] for node in nodes for name in _imported(node)} - {""})
    calls = sorted(
        (node for node in nodes if isinstance(node, ast.Call)), key=lambda call: (call.lineno, call.col_offset)
    )
    paths = dict.fromkeys(path for call in calls if (path := _read(call)) is not None)
    return Analysis(
        imports=imports[:LISTED],
        inputs=_inputs(calls)[:LISTED],
        draws=bool(DRAWING & set(imports)) or any(_named(call) in DRAWS for call in calls if _is_method(call)),
        reads_files=list(paths)[:LISTED],
    )


def problem(code: str) -> str | None:
    """Why the code does not parse, in a line for model and user; None when it does."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        where = f" in line {error.lineno}" if error.lineno else ""
        return f"{error.msg}{where}"
    except UNPARSABLE:
        return TOO_DEEP
    return None


def input_calls(code: str) -> list[dict[str, Any]]:
    """Where the code calls `input()`, as `{line, prompt}` in order; empty when it does not parse."""
    try:
        tree = ast.parse(code)
    except UNPARSABLE:
        return []
    return _inputs([node for node in ast.walk(tree) if isinstance(node, ast.Call)])


def _inputs(calls: list[ast.Call]) -> list[dict[str, Any]]:
    asking = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "input"]
    asking.sort(key=lambda call: (call.lineno, call.col_offset))
    return [{"line": call.lineno, "prompt": _prompt(call)} for call in asking]


def _prompt(call: ast.Call) -> str:
    """The text of the question, with its gaps as `{…}`; the expression where it is no literal."""
    if not call.args:
        return ""
    match call.args[0]:
        case ast.Constant(value=str(text)):
            return text.strip()
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in parts).strip()
        case other:
            try:
                return ast.unparse(other)
            except RecursionError:
                return "{…}"


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""


def _named(call: ast.Call) -> str:
    """The last name of what is called: `read_csv` of `pd.read_csv(…)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return str(name)
    return ""


def _is_method(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute)


def _read(call: ast.Call) -> str | None:
    """The path that a call opens to read, where it is written there; None for all else."""
    match call:
        # Path("a.txt").read_text(), and open() of it
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="Path"), args=[ast.Constant(value=str(path))]), attr=method
            )
        ) if method in READS_PATH:
            return path if _opens_to_read(call, 0) else None
        case ast.Call(args=[ast.Constant(value=str(path)), *_]) if _named(call) in READS:
            return path if "://" not in path and _opens_to_read(call, 1) else None
    return None


def _opens_to_read(call: ast.Call, place: int) -> bool:
    """Of `open`, whether its mode, the argument at that place, is one to read; what else reads, reads."""
    if _named(call) != "open":
        return True
    said = [argument.value for argument in call.keywords if argument.arg == "mode"] or call.args[place : place + 1]
    match said:
        case [ast.Constant(value=str(mode))]:
            return not set(mode) & set("wax")
    return True
