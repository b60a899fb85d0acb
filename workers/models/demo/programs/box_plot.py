# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"
VALUE = "alcohol"
GROUP = "class"

table = pd.read_csv(FILE)
table[VALUE] = pd.to_numeric(table[VALUE], errors="coerce")
groups = {str(name): rows.dropna() for name, rows in table.groupby(GROUP)[VALUE]}

for name, rows in groups.items():
    low, middle, high = rows.quantile([0.25, 0.5, 0.75])
    print(f"{name}: median {middle:.4g}, middle half from {low:.4g} to {high:.4g}")

figure, axes = plt.subplots(figsize=(7, 5))
axes.boxplot(list(groups.values()))
axes.set_xticks(range(1, len(groups) + 1), list(groups))
axes.set_xlabel(GROUP)
axes.set_ylabel(VALUE)
axes.set_title(f"{VALUE} by {GROUP}")
plt.tight_layout()
plt.show()

table.groupby(GROUP)[VALUE].describe()
