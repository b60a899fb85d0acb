# ruff: noqa: B018
# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"
VALUE = "alcohol"
NUMBER = 10
ASCENDING = False

table = pd.read_csv(FILE)
table[VALUE] = pd.to_numeric(table[VALUE], errors="coerce")
rows = table.sort_values(VALUE, ascending=ASCENDING).head(NUMBER)
print(f"The {len(rows)} rows with the {'lowest' if ASCENDING else 'highest'} {VALUE}:")
print(rows[VALUE].to_string())

axes = rows[VALUE].plot.bar(rot=0)
axes.set_xlabel("row")
axes.set_ylabel(VALUE)
plt.tight_layout()
plt.show()

rows
