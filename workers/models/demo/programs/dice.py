# mypy: ignore-errors
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DICE = 2
ROLLS = 10_000

sums = np.random.default_rng(seed=1).integers(1, 7, size=(ROLLS, DICE)).sum(axis=1)
print(f"{ROLLS} rolls of {DICE} dice: mean {sums.mean():.3f} (expected {3.5 * DICE:g}), spread {sums.std():.3f}")

counts = pd.Series(sums).value_counts().sort_index()
counts.plot.bar(rot=0, xlabel="sum", ylabel="rolls", title=f"{ROLLS} rolls of {DICE} dice")
plt.show()

counts.rename("rolls").rename_axis("sum").to_frame()
