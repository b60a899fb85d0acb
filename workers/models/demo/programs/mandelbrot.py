# mypy: ignore-errors
import matplotlib.pyplot as plt
import numpy as np

STEPS = 60

x, y = np.meshgrid(np.linspace(-2.2, 0.8, 600), np.linspace(-1.2, 1.2, 480))
c = x + 1j * y
z = np.zeros_like(c)
escaped = np.full(c.shape, STEPS)
for step in range(STEPS):
    inside = np.abs(z) <= 2
    z[inside] = z[inside] ** 2 + c[inside]
    escaped[inside & (np.abs(z) > 2)] = step

print(f"{(escaped == STEPS).mean():.1%} of the picture had not escaped after {STEPS} steps")
plt.figure(figsize=(8, 6))
plt.imshow(escaped, extent=(-2.2, 0.8, -1.2, 1.2), cmap="magma", origin="lower")
plt.colorbar(label="steps until it escapes")
plt.title("The Mandelbrot set")
plt.show()
