# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

NUMBER = 20

sequence = [0, 1]
while len(sequence) < NUMBER:
    sequence.append(sequence[-1] + sequence[-2])
sequence = sequence[:NUMBER]

print(f"The first {NUMBER} Fibonacci numbers:")
print(*sequence)
if NUMBER > 3:
    print(f"Quotient of the last two: {sequence[-1] / sequence[-2]:.10f} (the golden ratio is 1.6180339887)")

plt.plot(range(1, NUMBER), sequence[1:], marker="o")
plt.yscale("log")
plt.xlabel("n")
plt.ylabel("F(n), logarithmic")
plt.title("Fibonacci numbers")
plt.show()

pd.DataFrame({"n": range(NUMBER), "F(n)": [str(value) for value in sequence]})
