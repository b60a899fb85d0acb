"""The program as code: compiled in two parts, so that the value of its last expression can be shown, and evaluated."""

import ast
import asyncio
import contextlib
import io
import threading
import tokenize
from types import CodeType
from typing import Any

from .home import ipython


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
    thread = threading.Thread(target=lambda: box.append(caught(result)))
    thread.start()
    thread.join()
    value, error = box[0]
    if error is not None:
        raise error
    return value


def caught(coroutine: Any) -> "tuple[Any, BaseException | None]":
    """Its value, or what it raised."""
    try:
        return asyncio.run(coroutine), None
    except BaseException as error:
        return None, error
