"""How answers are shown: as a table for people, or as JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def text(value: Any) -> str:
    """One cell."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    # What others wrote must not steer the terminal.
    return "".join(" " if unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp") else each for each in str(value))


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], empty: str) -> None:
    """Rows under their headings, aligned. Never cut to the width of a terminal: an id that is cut is of no use."""
    cells = [[text(row.get(column)) for column in columns] for row in rows]
    if not cells:
        typer.echo(empty, err=True)
        return
    heads = [column.removesuffix("_at").replace("_", " ").upper() for column in columns]
    widths = [max(len(line[place]) for line in (heads, *cells)) for place in range(len(columns))]
    for line in (heads, *cells):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_fields(fields: Mapping[str, Any]) -> None:
    """One thing: a field a line."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        typer.echo(f"{name.replace('_', ' ').ljust(width)}  {text(value)}")
