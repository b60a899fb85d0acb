# ruff: noqa: B018
# mypy: ignore-errors
import json
from pathlib import Path

import pandas as pd

FILE = None
SAMPLE = '{"title": "Books", "items": [{"name": "Emma", "year": 1815}, {"name": "Ulysses", "year": 1922}]}'

data = json.loads(SAMPLE if FILE is None else Path(FILE).read_text(encoding="utf-8"))
print(json.dumps(data, indent=2, ensure_ascii=False)[:2000])


def records(value):
    """The first list of objects found anywhere inside."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        if found := records(inner):
            return found
    return []


table = pd.json_normalize(records(data))
print(f"\n{len(table)} records with {table.shape[1]} fields")

table
