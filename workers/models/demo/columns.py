"""Finds the columns of a table that a wish names, also where it names them loosely.

"Petal lengths" is `petal_length`, "colour intensity" is `color_intensity`: names are compared word by word, in
the singular, and with a little room for spelling.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from workers.models.demo.reading import Table

ALIKE = 0.84
_LONGEST_NAME = 5
# fmt: off
_FILLERS = frozenset({
    "a", "an", "and", "as", "at", "by", "chart", "data", "draw", "each", "file", "for", "from", "graph",
    "in", "into", "it", "load", "me", "of", "on", "or", "over", "per", "plot", "read", "show", "table",
    "that", "the", "their", "them", "then", "this", "to", "versus", "vs", "with", "average", "mean",
    "median", "sum", "count", "all", "every", "column", "columns", "against", "between", "histogram",
    "scatter", "line", "bar", "create", "make", "please", "rows", "row", "value", "values",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Mention:
    """A column, and where in the wish's words it is named."""

    place: int
    length: int
    column: str


def words_of(text: str) -> list[str]:
    """Lower-case words in the singular; `petalLength` and `petal_length` are two words each."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return [_singular(word) for word in re.findall(r"[^\W_]+", apart.lower())]


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def mentions(table: Table, text: str) -> list[Mention]:
    """The columns that the text names, in its order, each once."""
    words = words_of(text)
    names = {column: words_of(column) for column in table.columns}
    subject = words_of(PurePosixPath(table.path).stem)
    found: dict[str, Mention] = {}
    taken: set[int] = set()
    for length in range(min(_LONGEST_NAME, len(words)), 0, -1):
        for place in range(len(words) - length + 1):
            places = set(range(place, place + length))
            if places & taken:
                continue
            column = _named(words[place : place + length], names, subject)
            if column is not None:
                taken |= places
                found.setdefault(column, Mention(place, length, column))
    return sorted(found.values(), key=lambda mention: mention.place)


def _named(words: list[str], names: dict[str, list[str]], subject: list[str]) -> str | None:
    for column, name in names.items():
        if words == name:
            return column
    # "The wines" of wine.csv are its rows, though a column may have the word in its name.
    if all(word in _FILLERS or word in subject or len(word) < 3 for word in words):
        return None
    # A name begun, as without its unit ("petal length" for petal_length_cm), or one of its words.
    begun = [column for column, name in names.items() if name[: len(words)] == words]
    inside = [column for column, name in names.items() if len(words) == 1 and words[0] in name]
    if begun or (inside and len(words[0]) > 3):
        return min(begun or inside, key=len)
    if words[0] in _FILLERS or words[-1] in _FILLERS:
        return None
    joined = " ".join(words)
    if len(joined) < 4:
        return None
    alike = [(difflib.SequenceMatcher(None, joined, " ".join(name)).ratio(), column) for column, name in names.items()]
    ratio, column = max(alike, default=(0.0, ""))
    return column if ratio >= ALIKE else None


def without_columns(table: Table, text: str) -> str:
    """The text's words that name no column: "total" in `total_phenols` asks for no sum."""
    named = {
        place for mention in mentions(table, text) for place in range(mention.place, mention.place + mention.length)
    }
    return " ".join(word for place, word in enumerate(words_of(text)) if place not in named)


_BEFORE_GROUP = frozenset({"by", "per", "each", "every", "across", "among", "within", "group", "grouped"})


@dataclass(frozen=True, slots=True)
class Roles:
    """The named columns, sorted by what they are good for."""

    group: str | None
    """The one to group by: said after "by" or "per", or the one that looks like names of groups."""
    numbers: tuple[str, ...]
    """The others, as long as they are no plain text."""


def roles(table: Table, text: str) -> Roles:
    """What part each named column plays."""
    words = words_of(text)
    named = mentions(table, text)
    group = next(
        (mention.column for mention in named if _BEFORE_GROUP & set(words[max(0, mention.place - 2) : mention.place])),
        None,
    )
    if group is None:
        group = next((mention.column for mention in named if not table.numeric(mention.column)), None)
    numbers = [mention.column for mention in named if mention.column != group]
    return Roles(group, tuple(column for column in numbers if table.numeric(column) or not table.rows))


def a_group(table: Table) -> str | None:
    """A column to group by when none is named: few long texts make good groups, so known names come first."""
    textual = [column for column in table.columns if table.grouping(column)]
    return min(
        textual,
        key=lambda column: (table.numeric(column), max(map(len, table.values(column)), default=99)),
        default=None,
    )


def a_time(table: Table) -> str | None:
    """A column of points in time, if there is one."""
    return next((column for column in table.columns if table.temporal(column)), None)


def numeric(table: Table) -> list[str]:
    """All columns of numbers, those that look like groups last."""
    return sorted((column for column in table.columns if table.numeric(column)), key=table.grouping)
