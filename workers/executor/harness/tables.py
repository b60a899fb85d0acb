"""DataFrames and Series as data, as markup and as text."""

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

TABLE_ROWS = 100
TABLE_COLUMNS = 60


def table_of(value: Any) -> "dict[str, Any] | None":
    """A DataFrame or Series as a Tabular Data Resource (specs.frictionlessdata.io), as HTML and as text, or None.

    Only the rows that are shown are ever touched, so a frame of ten million costs nothing extra.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return None
    frame = value.to_frame() if isinstance(value, pandas.Series) else value
    head = frame.iloc[:TABLE_ROWS, :TABLE_COLUMNS]
    resource = None
    if plain(head):
        with contextlib.suppress(ValueError, TypeError, OverflowError):  # not every frame can be written as one
            resource = json.loads(head.to_json(orient="table", index=True, date_format="iso", default_handler=str))
    with pandas.option_context("display.max_rows", TABLE_ROWS, "display.max_columns", TABLE_COLUMNS):
        bundle = {"text/html": head.to_html(max_rows=TABLE_ROWS), "text/plain": repr(value)}
    if resource is not None:
        bundle["application/vnd.dataresource+json"] = {
            "profile": "tabular-data-resource",
            "schema": resource["schema"],
            "data": resource["data"],
            "rows": len(frame),
            "columns": len(frame.columns),
        }
    return bundle


def with_tables(theirs: "Callable[..., Any]") -> "Callable[..., Any]":
    """IPython's formatter, but for tables, which we know more of: for what is shown by IPython's own `display`."""

    def format_value(value: Any, *words: Any, **named: Any) -> Any:
        table = table_of(value)
        return theirs(value, *words, **named) if table is None else (table, {})

    return format_value


def plain(frame: Any) -> bool:
    """Whether pandas can write it as a table: names that are unique and no levels of columns."""
    return frame.columns.nlevels == 1 and frame.columns.is_unique and not set(frame.index.names) & set(frame.columns)
