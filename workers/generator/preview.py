"""Describes a file by its name, size and first bytes: for tables the columns and first rows.

The bytes are anybody's: nothing here raises over them, and what is taken out of them is bounded and cleaned.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import PurePosixPath
from typing import Any

HEAD = 64 * 1024
"""Bytes of a file that are looked at."""
COLUMNS = 80
ROWS = 3
NAME_LIMIT = 80
CELL_LIMIT = 60
TEXT_LIMIT = 200

TABLES = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
EXCEL = frozenset({".xlsx", ".xls", ".xlsm"})
TEXTS = frozenset({".txt", ".md", ".log", ".rst"})
READ = frozenset({*TABLES, ".json", ".jsonl", ".ndjson", *TEXTS})
"""Endings of files whose first bytes are worth reading."""


def wants_head(path: str) -> bool:
    """Whether the first bytes of this file would tell something."""
    return PurePosixPath(path).suffix.lower() in READ


def describe(path: str, size: int, head: bytes = b"") -> dict[str, Any]:
    """`{path, bytes}`, and for tables `format, columns, first_rows`, with `delimiter` and `encoding` where unusual."""
    about: dict[str, Any] = {"path": path, "bytes": size}
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in EXCEL:
        about["format"] = "excel"
    if not head or suffix not in READ:
        return about
    text, encoding = _decode(head)
    try:
        about |= _contents(suffix, text, whole=size <= len(head))
    except (ValueError, csv.Error, RecursionError, MemoryError):
        return about
    if encoding != "utf-8":
        about["encoding"] = encoding
    return about


def _decode(head: bytes) -> tuple[str, str]:
    """Text and the name of its encoding. A character that the cut went through is left out."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="ignore"), "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return head.decode("utf-8-sig", errors="ignore"), "utf-8-sig"
    try:
        return head.decode(), "utf-8"
    except UnicodeDecodeError as error:
        if len(head) - error.start < 4:
            return head[: error.start].decode(), "utf-8"
    # Every byte is a character there, so this ends the search; Excel's CSV files are mostly this.
    return head.decode("cp1252", errors="replace"), "cp1252"


def _contents(suffix: str, text: str, *, whole: bool) -> dict[str, Any]:
    if suffix in TABLES:
        return _table(text, TABLES[suffix], whole=whole)
    if suffix == ".json":
        return _json(text, whole=whole)
    if suffix in (".jsonl", ".ndjson"):
        lines = text.splitlines()[: ROWS + 1]
        return _records([json.loads(line) for line in lines[:ROWS] if line.strip()], "jsonl")
    return {"format": "text", "begins": _clean(text, TEXT_LIMIT)}


def _table(text: str, usual: str, *, whole: bool) -> dict[str, Any]:
    if "\x00" in text:
        return {}
    lines = text.split("\n")
    if not whole and len(lines) > 1:
        lines.pop()
    sample = "\n".join(lines[:50])
    delimiter = _delimiter(sample, usual)
    rows = [row for _, row in zip(range(ROWS + 1), csv.reader(io.StringIO(sample), delimiter=delimiter), strict=False)]
    if not rows or not any(rows[0]):
        return {}
    header, *body = rows
    about: dict[str, Any] = {"format": "tsv" if delimiter == "\t" else "csv"}
    about["columns"] = [_clean(name, NAME_LIMIT) for name in header[:COLUMNS]]
    if len(header) > COLUMNS:
        about["further_columns"] = len(header) - COLUMNS
    about["first_rows"] = [[_clean(cell, CELL_LIMIT) for cell in row[:COLUMNS]] for row in body if row]
    if delimiter != ",":
        about["delimiter"] = delimiter
    return about


def _delimiter(sample: str, usual: str) -> str:
    """The character that parts the first lines most evenly; the one that the name promises, in doubt."""
    lines = [line for line in sample.split("\n")[:10] if line.strip()]

    def evenness(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        return (min(counts, default=0), mark == usual)

    return max((usual, ",", ";", "\t", "|"), key=evenness)


def _json(text: str, *, whole: bool) -> dict[str, Any]:
    if not whole:
        return {"format": "json", "begins": _clean(text, TEXT_LIMIT)}
    value = json.loads(text)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return _records(value[:ROWS], "json")
    if isinstance(value, dict):
        return {"format": "json", "keys": [_clean(key, NAME_LIMIT) for key in list(value)[:COLUMNS]]}
    return {"format": "json", "begins": _clean(text, TEXT_LIMIT)}


def _records(records: list[Any], form: str) -> dict[str, Any]:
    if not records or not all(isinstance(record, dict) for record in records):
        return {"format": form}
    columns = list(dict.fromkeys(key for record in records for key in record))[:COLUMNS]
    return {
        "format": form,
        "columns": [_clean(key, NAME_LIMIT) for key in columns],
        "first_rows": [[_scalar(record.get(key)) for key in columns] for record in records],
    }


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value if not isinstance(value, int) or abs(value) < 10**30 else str(value)[:CELL_LIMIT]
    return _clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), CELL_LIMIT)


def _clean(text: str, limit: int) -> str:
    """Bounded, and without control, format and surrogate characters, which could hide something from a reader."""
    shown = "".join(
        " " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character
        for character in text[: limit + 1]
        if unicodedata.category(character) not in ("Cf", "Cs", "Co")
    )
    return shown[:limit] + "…" if len(text) > limit else shown
