"""Reads a request out of the same prompt that a real model gets: the wish, the files with their columns, the code.

The sections are those of `workers.generator.request`; a test holds the two together.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?\b|\d{1,2}[/.]\d{1,2}[/.]\d{4}\b")
_DATE_NAME = re.compile(r"(^|[^a-z])(date|day|month|year|time|timestamp|week)([^a-z]|$)")
_GROUP_NAME = re.compile(
    r"class|species|group|cluster|categor|label|type|kind|target|gender|sex|country|region|city|state"
)


@dataclass(frozen=True, slots=True)
class Table:
    """A file with columns, as far as its first rows show it."""

    path: str
    format: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    bundled: bool = False
    """Not a file of the session: scikit-learn's copy stands in for it."""

    def values(self, column: str) -> list[str]:
        """What the first rows have there, blanks left out."""
        place = self.columns.index(column)
        texts = [str(row[place]).strip() for row in self.rows if place < len(row) and row[place] is not None]
        return [text for text in texts if text]

    def numeric(self, column: str) -> bool:
        """Its first values are numbers."""
        values = self.values(column)
        return bool(values) and all(_is_number(value) for value in values)

    def temporal(self, column: str) -> bool:
        """It looks like points in time."""
        values = self.values(column)
        return bool(_DATE_NAME.search(column.lower())) or (bool(values) and all(_DATE.match(value) for value in values))

    def grouping(self, column: str) -> bool:
        """It looks like names of groups."""
        return bool(_GROUP_NAME.search(column.lower())) or not (self.numeric(column) or self.temporal(column))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, and with what."""

    text: str
    files: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    base_code: str | None = None
    failed_code: str | None = None
    error: str | None = None

    @property
    def words(self) -> str:
        """The wish in lower case, without names of files: those would be taken for columns."""
        text = self.text.lower()
        for path in sorted(self.files, key=len, reverse=True):
            text = text.replace(path.lower(), " ").replace(PurePosixPath(path).name.lower(), " ")
        return re.sub(r"\b[\w./-]+\.(csv|tsv|json|jsonl|txt|xlsx?|md|py)\b", " ", text)

    def number(self, low: int, high: int, default: int) -> int:
        """The first whole number of the wish, kept between two bounds."""
        found = re.search(r"(?<![\w.])(\d{1,3}(?:[ ,_]\d{3})+|\d+)(?![\w.]\d)", self.words)
        number = int(re.sub(r"\D", "", found[1])) if found else default
        return min(max(number, low), high)


def read(prompt: str) -> Wish:
    """Take a prompt apart. One without sections is a wish as a whole."""
    listed = [_parse(line) for line in (_section(prompt, "files") or "").split("\n")]
    files = [file for file in listed if isinstance(file.get("path"), str) and not file.get("missing")]
    return Wish(
        text=(_section(prompt, "request") or prompt).strip(),
        files=tuple(file["path"] for file in files),
        tables=tuple(_table(file) for file in files if file.get("columns") or file.get("format") == "excel"),
        base_code=_section(prompt, "base_code"),
        failed_code=_section(prompt, "failed_code"),
        error=_section(prompt, "error"),
    )


def _section(prompt: str, tag: str) -> str | None:
    found = re.search(rf"^<{tag}>\n(.*)\n</{tag}>$", prompt, re.DOTALL | re.MULTILINE)
    return found[1] if found else None


def _parse(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _table(file: dict[str, Any]) -> Table:
    return Table(
        path=file["path"],
        format=str(file.get("format")),
        columns=tuple(map(str, file.get("columns", ()))),
        rows=tuple(tuple(row) for row in file.get("first_rows", ())),
        delimiter=str(file.get("delimiter", ",")),
        encoding=str(file.get("encoding", "utf-8")),
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
