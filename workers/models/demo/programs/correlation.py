# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

FILE = "wine.csv"
COLUMNS = None

table = pd.read_csv(FILE)
numbers = (table if COLUMNS is None else table[COLUMNS]).select_dtypes("number")
matrix = numbers.corr()

pairs = [
    (matrix.loc[first, second], first, second)
    for place, first in enumerate(matrix)
    for second in list(matrix)[place + 1 :]
]
print("Strongest correlations:")
for value, first, second in sorted(pairs, key=lambda pair: -abs(pair[0]))[:5]:
    print(f"  {first} and {second}: {value:+.2f}")

size = max(5, 0.6 * len(matrix))
figure, axes = plt.subplots(figsize=(size + 1, size))
sns.heatmap(matrix, vmin=-1, vmax=1, cmap="coolwarm", annot=len(matrix) <= 15, fmt=".2f", ax=axes)
axes.set_title("Correlations")
plt.tight_layout()
plt.show()

matrix.round(3)
