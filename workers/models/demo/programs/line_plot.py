# ruff: noqa: B018
# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "sales.csv"
VALUES = ["amount"]
TIME = "date"

table = pd.read_csv(FILE)
table[VALUES] = table[VALUES].apply(pd.to_numeric, errors="coerce")
if TIME is None:
    series = table[VALUES]
else:
    if not pd.api.types.is_numeric_dtype(table[TIME]):
        table[TIME] = pd.to_datetime(table[TIME], errors="coerce")
    series = table.groupby(TIME)[VALUES].mean().sort_index()

for name in VALUES:
    column = series[name].dropna()
    print(
        f"{name}: from {column.iloc[0]:.4g} to {column.iloc[-1]:.4g}, highest {column.max():.4g} at {column.idxmax()}"
    )

axes = series.plot(figsize=(9, 4))
axes.set_xlabel(TIME or "row")
axes.set_title(", ".join(VALUES))
plt.tight_layout()
plt.show()

series
