# ruff: noqa: B018
# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"
VALUES = ["alcohol"]
GROUP = "class"
STATISTIC = "mean"

table = pd.read_csv(FILE)
table[VALUES] = table[VALUES].apply(pd.to_numeric, errors="coerce")
groups = table.groupby(GROUP)
summary = groups[VALUES].agg(STATISTIC).sort_values(VALUES[0], ascending=False)

print(f"{STATISTIC} {VALUES[0]} by {GROUP}, over {len(table)} rows in {len(summary)} groups:")
for name, value in summary[VALUES[0]].head(10).items():
    print(f"  {name}: {value:.4g}")

axes = summary.head(30).plot.bar(rot=0 if len(summary) < 8 else 60, legend=len(VALUES) > 1)
axes.set_ylabel(f"{STATISTIC} {VALUES[0]}" if len(VALUES) == 1 else STATISTIC)
axes.set_title(f"{STATISTIC} of {', '.join(VALUES)} by {GROUP}")
plt.tight_layout()
plt.show()

summary
