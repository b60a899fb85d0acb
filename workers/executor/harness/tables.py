"""Tables as data, as markup and as text: DataFrames and Series of pandas and polars, and arrays with named columns.

The data are a Tabular Data Resource (specs.frictionlessdata.io): column types, the first rows, and in `rows` and
`columns` the true size. Only the rows that are shown are ever touched, so a frame of ten million costs nothing extra.
"""

import contextlib
import datetime
import decimal
import html
import math
import sys
from typing import Any

from .values import text_of

Bundle = dict[str, Any]

TABLE_ROWS = 100
TABLE_COLUMNS = 60
CELL_LIMIT = 1000
NAME_LIMIT = 200

DATA = "application/vnd.dataresource+json"


def table_of(value: Any) -> "Bundle | None":
    """A table as data, as HTML and as text; None for what is none."""
    for package, form in (("pandas", of_pandas), ("polars", of_polars), ("numpy", of_numpy)):
        module = sys.modules.get(package)
        if module is not None and type(value).__module__.partition(".")[0] in (package, "__main__"):
            bundle = form(value, module)
            if bundle is not None:
                return bundle
    return None


def of_pandas(value: Any, pandas: Any) -> "Bundle | None":
    """A DataFrame or a Series, with its index as the first columns."""
    if not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return None
    frame = value.to_frame() if isinstance(value, pandas.Series) else value
    head = frame.iloc[:TABLE_ROWS, :TABLE_COLUMNS]
    with pandas.option_context("display.max_rows", TABLE_ROWS, "display.max_columns", TABLE_COLUMNS):
        bundle = {"text/html": head.to_html(max_rows=TABLE_ROWS), "text/plain": text_of(value)}
    with contextlib.suppress(Exception):  # there are frames that pandas itself can't take apart
        levels = [head.index.get_level_values(at) for at in range(head.index.nlevels)]
        names = list(head.index.names)
        if names == [None]:
            names = ["index"]
        index = [f"level_{at}" if name is None else name for at, name in enumerate(names)]
        columns = [(head.columns[at], head.iloc[:, at]) for at in range(head.shape[1])]
        bundle[DATA] = resource(
            [*zip(index, levels), *columns], len(frame), len(frame.columns), keys=len(index), rows=len(head)
        )
    return bundle


def of_polars(value: Any, polars: Any) -> "Bundle | None":
    """A DataFrame or a Series of polars, which has no index."""
    if not isinstance(value, (polars.DataFrame, polars.Series)):
        return None
    frame = value.to_frame() if isinstance(value, polars.Series) else value
    head = frame[:TABLE_ROWS, :TABLE_COLUMNS]
    columns = [(name, head[name]) for name in head.columns]
    data = resource(columns, frame.height, frame.width, keys=0, rows=head.height)
    return {DATA: data, "text/html": markup(data), "text/plain": text_of(value)}


def of_numpy(value: Any, numpy: Any) -> "Bundle | None":
    """An array whose columns have names. One without is shown as numpy shows it, which is what its readers know."""
    if not isinstance(value, numpy.ndarray) or value.dtype.names is None or value.ndim != 1:
        return None
    head = value[:TABLE_ROWS]
    columns = [(name, head[name]) for name in value.dtype.names[:TABLE_COLUMNS]]
    data = resource(columns, len(value), len(value.dtype.names), keys=0, rows=len(head))
    return {DATA: data, "text/html": markup(data), "text/plain": text_of(value)}


def resource(columns: "list[tuple[Any, Any]]", total: int, width: int, *, keys: int, rows: int) -> "dict[str, Any]":
    """The Tabular Data Resource of columns, each with its name and its first values."""
    fields: list[dict[str, Any]] = []
    used: set[str] = set()
    for name, values in columns:
        unique = base = name_of(name)
        again = 2
        while unique in used:
            unique = f"{base} ({again})"
            again += 1
        used.add(unique)
        fields.append({"name": unique, **type_of(values)})
    cells = [[cell(each) for each in list(values)] for _, values in columns]
    data = [{field["name"]: column[row] for field, column in zip(fields, cells)} for row in range(rows)]
    schema: dict[str, Any] = {"fields": fields}
    if keys:
        schema["primaryKey"] = [field["name"] for field in fields[:keys]]
    return {"profile": "tabular-data-resource", "schema": schema, "data": data, "rows": total, "columns": width}


def name_of(name: Any) -> str:
    """A column's name; the levels of one that has several, joined."""
    if isinstance(name, tuple):
        return " / ".join(str(part) for part in name if part != "")[:NAME_LIMIT]
    return str(name)[:NAME_LIMIT]


def type_of(values: Any) -> "dict[str, Any]":
    """A column's type in the words of Table Schema, with what else is known of it."""
    dtype = str(values.dtype).lower()
    categories = getattr(values.dtype, "categories", None)
    if dtype.startswith(("category", "enum", "categorical")):
        some = [cell(each) for each in list(categories)[:TABLE_ROWS]] if categories is not None else None
        found: dict[str, Any] = {"type": "any"}
        if some is not None:
            found["constraints"] = {"enum": some}
            found["ordered"] = bool(getattr(values.dtype, "ordered", False))
        return found
    if dtype.startswith("datetime"):
        zone = getattr(values.dtype, "tz", None) or getattr(values.dtype, "time_zone", None)
        return {"type": "datetime", "tz": str(zone)} if zone else {"type": "datetime"}
    for begins, kind in (
        (("int", "uint"), "integer"),
        (("float", "decimal"), "number"),
        (("bool",), "boolean"),
        (("timedelta", "duration"), "duration"),
        (("date",), "date"),
        (("time",), "time"),
        (("period",), "string"),
        (("string", "<u", "utf8"), "string"),
    ):
        if dtype.startswith(begins):
            return {"type": kind}
    if dtype == "str":
        return {"type": "string"}
    some = [each for each in list(values) if each is not None and not is_nan(each)]
    return {"type": "string" if some and all(isinstance(each, str) for each in some) else "any"}


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def cell(value: Any) -> Any:
    """A value as JSON has it. What is missing is null; infinity is INF, as Table Schema writes it."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value if len(value) <= CELL_LIMIT else value[:CELL_LIMIT] + " …"
    if isinstance(value, float):
        return finite(float(value))
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return finite(float(value))
    if isinstance(value, dict):
        return {str(key)[:NAME_LIMIT]: cell(each) for key, each in list(value.items())[:20]}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [cell(each) for each in list(value)[:20]]
    if type(value).__module__.startswith("polars.") and hasattr(value, "to_list"):
        return cell(value.to_list())
    if type(value).__module__ == "numpy" and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        plain = value.item()
        if type(plain) is not type(value) and isinstance(plain, (bool, int, float, str)):
            return cell(plain)
    said = text_of(value) if isinstance(value, bytes) else words_of(value)
    return said if len(said) <= CELL_LIMIT else said[:CELL_LIMIT] + " …"


def finite(value: float) -> "float | str | None":
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return value


def words_of(value: Any) -> str:
    """Its str(), whatever that does."""
    try:
        return str(value)
    except Exception:
        return text_of(value)


def markup(data: "dict[str, Any]") -> str:
    """A table of HTML from the data."""
    names = [field["name"] for field in data["schema"]["fields"]]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    rows = (
        "".join(f"<td>{'' if row[name] is None else html.escape(str(row[name]))}</td>" for name in names)
        for row in data["data"]
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table border="1" class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
