# mypy: ignore-errors
import matplotlib.pyplot as plt

LIMIT = 100

candidates = bytearray([0, 0]) + bytearray([1]) * (LIMIT - 1)
for number in range(2, int(LIMIT**0.5) + 1):
    if candidates[number]:
        candidates[number * number :: number] = bytes(len(range(number * number, LIMIT + 1, number)))
primes = [number for number, prime in enumerate(candidates) if prime]

print(f"{len(primes)} primes up to {LIMIT}")
print(*primes[:100])
if len(primes) > 100:
    print(f"… and {len(primes) - 100} more, the largest {primes[-1]}")

plt.step(primes, range(1, len(primes) + 1), where="post")
plt.xlabel("n")
plt.ylabel("primes up to n")
plt.title(f"How many primes there are up to {LIMIT}")
plt.show()
