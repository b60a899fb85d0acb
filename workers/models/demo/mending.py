"""The few mends that need no understanding: a missing import, and a column whose name is nearly right."""

from __future__ import annotations

import ast
import difflib
import re

from workers.models.demo.reading import Wish

IMPORTS = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "sns": "import seaborn as sns",
    "Path": "from pathlib import Path",
    "Counter": "from collections import Counter",
    **{name: f"import {name}" for name in ("math", "random", "re", "json", "csv", "statistics", "datetime", "sympy")},
}


def mend(wish: Wish) -> tuple[str, str] | None:
    """The mended program and what was done, or None where the error is beyond this."""
    code, error = wish.failed_code or "", wish.error or ""
    return _import(code, error) or _column(code, error, wish)


def _import(code: str, error: str) -> tuple[str, str] | None:
    found = re.search(r"NameError: name '(\w+)' is not defined", error)
    line = IMPORTS.get(found[1]) if found else None
    return (f"{line}\n{code}", f"I added the missing line `{line}`.") if line else None


def _column(code: str, error: str, wish: Wish) -> tuple[str, str] | None:
    found = re.search(r"KeyError: ['\"](.+?)['\"]\s*$", error.strip())
    if found is None:
        return None
    wrong = found[1]
    columns = {column.lower(): column for table in wish.tables for column in table.columns}
    close = difflib.get_close_matches(wrong.lower(), list(columns), n=1, cutoff=0.6)
    if not close or columns[close[0]] == wrong:
        return None
    right = columns[close[0]]
    mended = re.sub(rf"(['\"]){re.escape(wrong)}\1", lambda _: repr(right), code)
    return (mended, f"There is no column {wrong!r}; I put {right!r} in its place.") if mended != code else None


def parses(code: str) -> bool:
    """It is Python as far as its grammar goes."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
