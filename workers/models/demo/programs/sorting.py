# ruff: noqa: B018
# ruff: noqa: S311
# mypy: ignore-errors
import random

import matplotlib.pyplot as plt
import pandas as pd

SIZES = [50, 100, 200, 400]


def bubble_sort(values):
    """Swap neighbours until nothing moves. Returns the sorted list and the comparisons it took."""
    values, comparisons = list(values), 0
    for end in range(len(values) - 1, 0, -1):
        for place in range(end):
            comparisons += 1
            if values[place] > values[place + 1]:
                values[place], values[place + 1] = values[place + 1], values[place]
    return values, comparisons


def merge_sort(values):
    """Sort each half, then merge them. Returns the sorted list and the comparisons it took."""
    if len(values) < 2:
        return list(values), 0
    middle = len(values) // 2
    left, first = merge_sort(values[:middle])
    right, second = merge_sort(values[middle:])
    merged, comparisons = [], first + second
    while left and right:
        comparisons += 1
        merged.append(left.pop(0) if left[0] <= right[0] else right.pop(0))
    return merged + left + right, comparisons


random.seed(1)
rows = []
for size in SIZES:
    values = [random.randrange(1000) for _ in range(size)]
    by_bubble, bubble = bubble_sort(values)
    by_merge, merge = merge_sort(values)
    assert by_bubble == by_merge == sorted(values)
    rows.append({"values": size, "bubble sort": bubble, "merge sort": merge})
    print(f"{size} values: bubble sort compared {bubble} times, merge sort {merge} times")

comparisons = pd.DataFrame(rows).set_index("values")
comparisons.plot(marker="o", logy=True, ylabel="comparisons", title="Two ways to sort")
plt.show()

comparisons
