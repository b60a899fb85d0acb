# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

FILE = "wine.csv"

table = pd.read_csv(FILE)
missing = int(table.isna().sum().sum())
print(f"{len(table)} rows, {table.shape[1]} columns, {missing} missing values")
for name in table:
    print(f"  {name}: {table[name].dtype}, {table[name].nunique()} different values")

numbers = table.select_dtypes("number")
if numbers.shape[1]:
    shown = numbers.iloc[:, :12]
    shown.hist(bins="auto", figsize=(11, 2.3 * (-(-shown.shape[1] // 4)) + 1), layout=(-1, 4), edgecolor="white")
    plt.tight_layout()
    plt.show()

table.describe(include="all")
