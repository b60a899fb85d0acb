# mypy: ignore-errors
import matplotlib.pyplot as plt
import numpy as np

STEPS = 1000
WALKERS = 5

steps = np.random.default_rng(seed=1).choice([-1, 1], size=(WALKERS, STEPS))
walks = np.hstack([np.zeros((WALKERS, 1), dtype=int), steps.cumsum(axis=1)])

print(f"{WALKERS} random walks of {STEPS} steps")
for number, walk in enumerate(walks):
    print(f"  walker {number}: ends at {walk[-1]:+d}, between {walk.min():+d} and {walk.max():+d}")
print(f"A walk of that length is about {STEPS**0.5:.0f} from its start on average (root of the steps).")

plt.plot(walks.T)
plt.xlabel("step")
plt.ylabel("position")
plt.title(f"{WALKERS} random walks")
plt.show()
