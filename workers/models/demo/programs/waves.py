# mypy: ignore-errors
import matplotlib.pyplot as plt
import numpy as np

FUNCTIONS = ["sin", "cos"]
PERIODS = 2

x = np.linspace(0, PERIODS * 2 * np.pi, 1000)
for name in FUNCTIONS:
    y = getattr(np, name)(x)
    print(f"{name}: from {y.min():.3f} to {y.max():.3f} over {PERIODS} periods")
    # The tangent jumps to infinity; what leaves the picture is not joined by a line.
    plt.plot(x, np.where(np.abs(y) < 10, y, np.nan), label=f"{name}(x)")
plt.axhline(0, color="gray", linewidth=0.5)
plt.xlabel("x")
plt.legend()
plt.title(" and ".join(FUNCTIONS))
plt.show()
