# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"
GROUP = "class"

table = pd.read_csv(FILE)
counts = table[GROUP].value_counts()
print(f"{len(table)} rows, {len(counts)} different values of {GROUP}")
for name, count in counts.head(10).items():
    print(f"  {name}: {count} ({count / len(table):.1%})")

axes = counts.head(20).sort_values().plot.barh()
axes.set_xlabel("rows")
axes.set_title(f"How often each {GROUP} occurs")
plt.tight_layout()
plt.show()

counts.rename("rows").to_frame()
