"""What the syntax tree of a program tells without running it: that it parses, and where it asks its user."""

from __future__ import annotations

import ast
from typing import Any


def problem(code: str) -> str | None:
    """Why the code does not parse, in a line for model and user; None when it does."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        where = f" in line {error.lineno}" if error.lineno else ""
        return f"{error.msg}{where}"
    except (ValueError, RecursionError, MemoryError):
        return "it is nested too deeply or holds characters that Python does not take"
    return None


def input_calls(code: str) -> list[dict[str, Any]]:
    """Where the code calls `input()`, as `{line, prompt}` in order; empty when it does not parse."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input"
    ]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [{"line": call.lineno, "prompt": _prompt(call)} for call in calls]


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
            return ast.unparse(other)
