"""Chooses among the programs of the library, and makes the chosen one.

The words of a wish are weighed; the heaviest entry that can be fitted wins, and when all are too light there is
honestly nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.models.demo.catalogue import PROGRAMS, TITLES, Program
from workers.models.demo.columns import mentions, roles
from workers.models.demo.fitting import Fit
from workers.models.demo.reading import Table, Wish
from workers.models.demo.render import render
from workers.models.demo.sources import named_file, table_of

ENOUGH = 3
"""Weight from which on a program counts as asked for."""


_DRAW = re.compile(r"\b(plot|draw|graph|chart|show|visuali[sz]e|display)\b")


@dataclass(frozen=True, slots=True)
class Pick:
    """What came of a wish: a program, and what it does in a sentence or two."""

    program: str
    code: str
    says: str


def pick(wish: Wish) -> Pick | None:
    """The program that fits the wish best; None when nothing does."""
    table = table_of(wish)
    if table is None and (missing := _missing(wish)):
        return missing
    weights = [(_weight(program, wish, table), program) for program in PROGRAMS]
    for weight, program in sorted(weights, key=lambda pair: -pair[0]):
        if weight < ENOUGH:
            return None
        if found := _fitted(program, wish, table):
            return found
    return None


def _weight(program: Program, wish: Wish, table: Table | None) -> int:
    if program.on_table is not None and table is None:
        return 0
    weight = sum(value for cue, value in program.cues.items() if re.search(cue, wish.words))
    name = named_file(wish)
    if name in wish.files and name.lower().endswith(program.files or ("\n",)):
        weight = max(weight, ENOUGH)
    return weight + _from_columns(program.name, wish, table) if program.on_table and table else weight


def _from_columns(name: str, wish: Wish, table: Table) -> int:
    """What the named columns say: one that is to be drawn asks for another picture than two, or than a group."""
    if not mentions(table, wish.words):
        return 0
    named = roles(table, wish.words)
    drawn = bool(_DRAW.search(wish.words))
    match name:
        case "overview":
            return 0
        case "group_summary" if named.group is None:
            return 0
        case "group_summary" if named.numbers:
            return 2 + 2 * drawn
        case "scatter" if len(named.numbers) == 2:
            return 2 + 2 * drawn
        case "histogram" if len(named.numbers) == 1 and named.group is None:
            return 2 + 2 * drawn
        case "counts" if named.group is not None and not named.numbers:
            return 2 + 2 * drawn
        case "regression" if named.group is not None and not table.numeric(named.group):
            return 0
        case "histogram" | "scatter" | "counts":
            return 0
    return 2


def _fitted(program: Program, wish: Wish, table: Table | None) -> Pick | None:
    if program.on_table is None:
        fit = program.alone(wish) if program.alone else Fit({}, "")
        return Pick(program.name, render(program.name, fit.values), fit.says)
    if table is None or (not table.columns and program.name != "overview"):
        return None
    fitted = program.on_table(wish, table)
    if fitted is None:
        return None
    source = (
        f"There is no {table.path} in this session, so the program takes scikit-learn's own copy of that data."
        if table.bundled
        else f"The program loads {table.path}."
    )
    return Pick(program.name, render(program.name, fitted.values, table), f"{source} {fitted.says}")


def _missing(wish: Wish) -> Pick | None:
    name = named_file(wish)
    if name is None or name in wish.files:
        return None
    return Pick(
        "missing_file",
        render("missing_file", {"WANTED": name}),
        f"There is no file {name} in this session. Upload it and ask again; the program lists the files that are here.",
    )


def menu() -> str:
    """The program for when nothing fits: it prints what there is."""
    return render("menu", {"PROGRAMS": TITLES})
