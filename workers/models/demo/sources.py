"""Which table a wish is about, and the lines of Python that load it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from workers.models.demo.columns import mentions
from workers.models.demo.reading import Table, Wish

_WINE = {
    "alcohol": 14.23,
    "malic_acid": 1.71,
    "ash": 2.43,
    "alcalinity_of_ash": 15.6,
    "magnesium": 127.0,
    "total_phenols": 2.8,
    "flavanoids": 3.06,
    "nonflavanoid_phenols": 0.28,
    "proanthocyanins": 2.29,
    "color_intensity": 5.64,
    "hue": 1.04,
    "od280/od315_of_diluted_wines": 3.92,
    "proline": 1065.0,
    "class": "class_0",
}
_IRIS = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2, "species": "setosa"}
_DIABETES = {"age": 59, "sex": 2, "bmi": 32.1, "bp": 101, "s1": 157, "s2": 93.2, "s3": 38, "s4": 4, "s5": 4.86}
_DIABETES |= {"s6": 87, "progression": 151}


def _bundled(name: str, first_row: dict[str, Any]) -> Table:
    return Table(f"{name}.csv", "csv", tuple(first_row), (tuple(first_row.values()),), bundled=True)


BUNDLED = {
    "wine": _bundled("wine", _WINE),
    "iris": _bundled("iris", _IRIS),
    "diabetes": _bundled("diabetes", _DIABETES),
}
"""Data sets that come with scikit-learn, for a wish that names one which nobody uploaded."""

_LOADERS = {
    "wine": """data = load_wine(as_frame=True)
table = data.data.assign(**{"class": data.target_names[data.target]})""",
    "iris": """data = load_iris(as_frame=True)
table = data.data.assign(species=data.target_names[data.target])
table.columns = [name.removesuffix(" (cm)").replace(" ", "_") for name in table.columns]""",
    "diabetes": """data = load_diabetes(as_frame=True, scaled=False)
table = data.frame.rename(columns={"target": "progression"})""",
}

_NAMED_FILE = re.compile(r"(?<![\w/])[\w./-]*\w\.(?:csv|tsv|json|jsonl|txt|xlsx?|md)\b", re.IGNORECASE)


def named_file(wish: Wish) -> str | None:
    """The first file name that the wish has in it, as a path of the session where it is one."""
    for path in sorted(wish.files, key=len, reverse=True):
        if PurePosixPath(path).name.lower() in wish.text.lower():
            return path
    found = _NAMED_FILE.search(wish.text)
    if found is None:
        return None
    close = get_close_matches(found[0].lower(), [path.lower() for path in wish.files], n=1, cutoff=0.85)
    return next((path for path in wish.files if path.lower() in close), found[0])


def table_of(wish: Wish) -> Table | None:
    """The table that is meant: the named file, the one whose columns are named, or the only one."""
    name = named_file(wish)
    for table in wish.tables:
        if table.path == name:
            return table
    stem = PurePosixPath(name).stem.lower() if name else None
    if stem in BUNDLED and name not in wish.files:
        return BUNDLED[stem]
    if name is not None:
        return None
    text = wish.text.lower()
    for table in wish.tables:
        if re.search(rf"\b{re.escape(PurePosixPath(table.path).stem.lower())}\b", text):
            return table
    if wish.tables:
        return max(wish.tables, key=lambda table: len(mentions(table, wish.words)))
    return next((table for key, table in BUNDLED.items() if re.search(rf"\b{key}s?\b", text)), None)


def load_lines(table: Table) -> tuple[str, str]:
    """An import line ("" when none is needed) and the lines that make `table`."""
    if table.bundled:
        key = PurePosixPath(table.path).stem
        return f"from sklearn.datasets import load_{key}", _LOADERS[key]
    options = "" if table.encoding == "utf-8" else f", encoding={table.encoding!r}"
    match table.format:
        case "json":
            return "", f"table = pd.read_json(FILE{options})"
        case "jsonl":
            return "", f"table = pd.read_json(FILE, lines=True{options})"
        case "excel":
            return "", "table = pd.read_excel(FILE)"
    separator = "" if table.delimiter == "," else f", sep={table.delimiter!r}"
    return "", f"table = pd.read_csv(FILE{separator}{options})"
