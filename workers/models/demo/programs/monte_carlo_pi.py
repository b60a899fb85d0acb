# mypy: ignore-errors
import math

import matplotlib.pyplot as plt
import numpy as np

POINTS = 100_000

x, y = np.random.default_rng(seed=1).random((2, POINTS))
inside = x**2 + y**2 <= 1
estimate = 4 * inside.mean()

print(f"{inside.sum()} of {POINTS} random points fall into the quarter circle")
print(f"pi is about {estimate:.5f}; it is {math.pi:.5f}, so off by {abs(estimate - math.pi):.5f}")

shown = slice(0, 5000)
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
left.scatter(x[shown], y[shown], c=np.where(inside[shown], "tab:blue", "tab:orange"), s=3)
left.set_aspect("equal")
left.set_title("The first points")
count = np.arange(1, POINTS + 1)
right.plot(count, 4 * inside.cumsum() / count)
right.axhline(math.pi, color="black", linestyle="--")
right.set_xscale("log")
right.set_ylim(2.8, 3.5)
right.set_xlabel("points")
right.set_title("The estimate as it settles")
plt.tight_layout()
plt.show()
