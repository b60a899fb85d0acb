"""Fits the programs that work on a table: which of its columns take which part, and what is then to be told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers.models.demo.columns import a_group, a_time, numeric, roles, without_columns
from workers.models.demo.reading import Table, Wish


@dataclass(frozen=True, slots=True)
class Fit:
    """Values for a template's constants, and one sentence about what it then does."""

    values: dict[str, Any]
    says: str


Fitter = Callable[[Wish, Table], Fit | None]
"""None where the table has no columns that would do."""

STATISTICS = {
    "mean": r"average|mean|avg",
    "median": r"median",
    "sum": r"sum|total",
    "max": r"max(imum)?|highest|largest",
    "min": r"min(imum)?|lowest|smallest",
    "std": r"standard deviation|std|spread",
}


def statistic(text: str) -> str | None:
    """Which one the text asks for, the first named."""
    places = {
        name: found.start() for name, words in STATISTICS.items() if (found := re.search(rf"\b({words})\b", text))
    }
    return min(places, key=lambda name: places[name]) if places else None


def _numbers(wish: Wish, table: Table, most: int) -> list[str]:
    """The named columns of numbers, else the first one that is no group."""
    return list(roles(table, wish.words).numbers[:most]) or numeric(table)[:1]


def group_summary(wish: Wish, table: Table) -> Fit | None:
    group = roles(table, wish.words).group or a_group(table)
    values = [name for name in _numbers(wish, table, 6) if name != group]
    if group is None or not values:
        return None
    how = statistic(without_columns(table, wish.words)) or "mean"
    return Fit(
        {"VALUES": values, "GROUP": group, "STATISTIC": how},
        f"It works out the {how} of {_list(values)} for each {group}, prints and tabulates it, and draws a bar chart.",
    )


def histogram(wish: Wish, table: Table) -> Fit | None:
    values = _numbers(wish, table, 4)
    return Fit({"VALUES": values}, f"It draws the distribution of {_list(values)}.") if values else None


def scatter(wish: Wish, table: Table) -> Fit | None:
    named = roles(table, wish.words)
    group = named.group
    axes = list(dict.fromkeys([*named.numbers, *numeric(table)]))[:2]
    if len(axes) < 2:
        return None
    # "y against x" names the upright axis first; "x and y" the level one.
    y, x = axes if re.search(r"\b(against|versus|vs|over|as a function of)\b", wish.words) else axes[::-1]
    about = f", coloured by {group}," if group else ""
    return Fit({"X": x, "Y": y, "COLOR": group}, f"It draws {y} against {x}{about} and prints their correlation.")


def box_plot(wish: Wish, table: Table) -> Fit | None:
    group = roles(table, wish.words).group or a_group(table)
    values = [name for name in _numbers(wish, table, 2) if name != group]
    if group is None or not values:
        return None
    return Fit({"VALUE": values[0], "GROUP": group}, f"It draws a box of {values[0]} for each {group}.")


def correlation(wish: Wish, table: Table) -> Fit | None:
    if len(numeric(table)) < 2:
        return None
    named = list(roles(table, wish.words).numbers)
    columns = named if len(named) > 1 else None
    return Fit(
        {"COLUMNS": columns},
        f"It correlates {_list(columns) if columns else 'all columns of numbers'} and draws a heat map.",
    )


def overview(wish: Wish, table: Table) -> Fit | None:
    return Fit(
        {}, "It shows what is in each column, counts missing values, and draws the distributions of the numbers."
    )


def counts(wish: Wish, table: Table) -> Fit | None:
    named = roles(table, wish.words)
    group = named.group or next(iter(named.numbers), None) or a_group(table)
    return Fit({"GROUP": group}, f"It counts the rows for each {group} and draws them.") if group else None


def top_rows(wish: Wish, table: Table) -> Fit | None:
    by = roles(table, wish.words).group
    values = [by] if by is not None and table.numeric(by) else _numbers(wish, table, 1)
    if not values:
        return None
    lowest = bool(re.search(r"\b(lowest|smallest|least|bottom|worst|ascending|fewest)\b", wish.words))
    number = wish.number(1, 50, 10)
    return Fit(
        {"VALUE": values[0], "NUMBER": number, "ASCENDING": lowest},
        f"It shows the {number} rows with the {'lowest' if lowest else 'highest'} {values[0]}.",
    )


def line_plot(wish: Wish, table: Table) -> Fit | None:
    time = a_time(table)
    values = [name for name in _numbers(wish, table, 4) if name != time]
    if not values:
        return None
    return Fit({"VALUES": values, "TIME": time}, f"It draws {_list(values)} over {time or 'the rows'}.")


def regression(wish: Wish, table: Table) -> Fit | None:
    named = [*roles(table, wish.words).numbers]
    group = roles(table, wish.words).group
    columns = numeric(table)
    if len(columns) < 2:
        return None
    if group in columns and not named:
        named = [group]
    # "predict y from x", "y on x"; without a named one, the last column is the customary target.
    last = [name for name in table.columns if name in columns][-1]
    target = named[0] if named else last
    if (
        len(named) > 1
        and re.search(r"\b(between|and)\b", wish.words)
        and not re.search(r"\b(predict|from|on|using|explain)\b", wish.words)
    ):
        named = [named[1], named[0], *named[2:]]
        target = named[0]
    features = named[1:] or None
    return Fit(
        {"TARGET": target, "FEATURES": features},
        f"It fits a straight line that predicts {target} from {_list(features) if features else 'the other numbers'}, "
        "and tries it on rows that it had not seen.",
    )


def classifier(wish: Wish, table: Table) -> Fit | None:
    named = roles(table, wish.words)
    target = named.group or a_group(table)
    features = [name for name in named.numbers if name != target]
    if target is None or not [name for name in numeric(table) if name != target]:
        return None
    return Fit(
        {"TARGET": target, "FEATURES": features or None},
        f"It trains a random forest to tell {target} from {_list(features) if features else 'the columns of numbers'}, "
        "and tries it on rows that it had not seen.",
    )


def clusters(wish: Wish, table: Table) -> Fit | None:
    if not (columns := numeric(table)):
        return None
    named = [name for name in roles(table, wish.words).numbers if name in columns]
    number = wish.number(2, 12, 3)
    return Fit(
        {"COLUMNS": named if len(named) > 1 else None, "NUMBER": number},
        f"It sorts the rows into {number} clusters with k-means and draws them.",
    )


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
