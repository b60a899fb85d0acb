# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"
X = "alcohol"
Y = "color_intensity"
COLOR = "class"

table = pd.read_csv(FILE)
table[[X, Y]] = table[[X, Y]].apply(pd.to_numeric, errors="coerce")
correlation = table[X].corr(table[Y])
print(f"{len(table)} rows; correlation of {X} and {Y}: {correlation:.3f}")

figure, axes = plt.subplots(figsize=(7, 5))
if COLOR is None:
    axes.scatter(table[X], table[Y], alpha=0.7)
else:
    for name, rows in table.groupby(COLOR):
        axes.scatter(rows[X], rows[Y], alpha=0.7, label=str(name))
    axes.legend(title=COLOR)
axes.set_xlabel(X)
axes.set_ylabel(Y)
axes.set_title(f"{Y} against {X} (r = {correlation:.2f})")
plt.tight_layout()
plt.show()

table[[X, Y]].describe()
