# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"
VALUES = ["alcohol"]

table = pd.read_csv(FILE)
numbers = table[VALUES].apply(pd.to_numeric, errors="coerce")

for name in VALUES:
    column = numbers[name].dropna()
    print(
        f"{name}: mean {column.mean():.4g}, median {column.median():.4g}, from {column.min():.4g} to {column.max():.4g}"
    )

figure, panels = plt.subplots(1, len(VALUES), figsize=(5 * len(VALUES), 4), squeeze=False)
for axes, name in zip(panels[0], VALUES, strict=True):
    axes.hist(numbers[name].dropna(), bins="auto", edgecolor="white")
    axes.axvline(numbers[name].mean(), color="black", linestyle="--", label="mean")
    axes.set_xlabel(name)
    axes.set_ylabel("rows")
    axes.legend()
plt.tight_layout()
plt.show()

numbers.describe()
