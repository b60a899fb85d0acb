# mypy: ignore-errors
import matplotlib.pyplot as plt
import numpy as np
import sympy

x = sympy.symbols("x")
f = x**3 - 3 * x
derivative = sympy.diff(f, x)
roots = sympy.solve(f, x)

print(f"f(x)         = {f}")
print(f"derivative   = {derivative}")
print(f"integral     = {sympy.integrate(f, x)}")
print(f"f(x) = 0 for x = {', '.join(map(str, roots))}")

points = np.linspace(-2.5, 2.5, 400)
plt.plot(points, sympy.lambdify(x, f)(points), label="f(x)")
plt.plot(points, sympy.lambdify(x, derivative)(points), label="its derivative")
plt.axhline(0, color="gray", linewidth=0.5)
plt.legend()
plt.show()
