# ruff: noqa: B018
# mypy: ignore-errors
import re
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

FILE = None
TEXT = "The quick brown fox jumps over the lazy dog. The dog sleeps on, and the fox runs."
NUMBER = 15

text = TEXT if FILE is None else Path(FILE).read_text(encoding="utf-8", errors="replace")
words = re.findall(r"\w+(?:['’]\w+)*", text.lower())
counts = Counter(words)
print(f"{len(text)} characters, {len(text.splitlines())} lines, {len(words)} words, {len(counts)} of them different")

common = pd.DataFrame(counts.most_common(NUMBER), columns=["word", "times"])
if len(common):
    common[::-1].plot.barh(x="word", y="times", legend=False)
    plt.xlabel("times")
    plt.title("The most common words")
    plt.tight_layout()
    plt.show()

common
