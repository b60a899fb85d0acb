"""Makes a program out of a template: its constants get their values, its loading line fits the file.

A template is a program that runs as it stands. The constants are the lines `NAME = …` with a name in capitals.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from workers.models.demo.reading import Table
from workers.models.demo.sources import load_lines

PROGRAMS = Path(__file__).parent / "programs"
_LOAD = "table = pd.read_csv(FILE)"
_WIDEST = 110


@cache
def template(name: str) -> str:
    """Its text without the lines meant for linters."""
    text = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    return re.sub(r"\A(# (ruff|mypy):.*\n)+", "", text)


def render(name: str, values: dict[str, Any], table: Table | None = None) -> str:
    """The program with these values. Raises KeyError for a constant that the template does not have."""
    text = template(name)
    for constant, value in values.items():
        line = re.search(rf"^{constant} = .*$", text, re.MULTILINE)
        if line is None:
            raise KeyError(f"{name} has no constant {constant}")
        text = text[: line.start()] + _assign(constant, value) + text[line.end() :]
    return _loading(text, table) if table is not None else text


def _assign(name: str, value: Any) -> str:
    line = f"{name} = {literal(value)}"
    if isinstance(value, list) and len(line) > _WIDEST:
        line = f"{name} = [\n" + "".join(f"    {literal(item)},\n" for item in value) + "]"
    return line


def literal(value: Any) -> str:
    """As Python writes it, with double quotes where they need no escape, like the rest of the templates."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    plain = repr(value)
    return f'"{value}"' if isinstance(value, str) and plain[1:-1] == value and '"' not in value else plain


def _loading(text: str, table: Table) -> str:
    import_line, lines = load_lines(table)
    text = text.replace(_LOAD, lines)
    if table.bundled:
        text = re.sub(r"^FILE = .*\n", "", text, count=1, flags=re.MULTILINE)
        text = text.replace("import pandas as pd\n", f"import pandas as pd\n{import_line}\n", 1)
    else:
        text = re.sub(r"^FILE = .*$", lambda _: f"FILE = {literal(table.path)}", text, count=1, flags=re.MULTILINE)
    return text
