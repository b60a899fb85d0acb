"""The programs of the library: what each is called, the words that call for it, and how it is fitted.

A program is a template in `programs/` and an entry here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers.models.demo import fitting
from workers.models.demo.fitting import Fit, Fitter
from workers.models.demo.reading import Wish
from workers.models.demo.sources import named_file


@dataclass(frozen=True, slots=True)
class Program:
    """One entry. `cues` are regular expressions over lower-case words, each with its weight."""

    name: str
    title: str
    cues: dict[str, int]
    on_table: Fitter | None = None
    alone: Callable[[Wish], Fit] | None = None
    files: tuple[str, ...] = ()
    """Endings of files; naming such a file is as good as asking for this program."""


def _says(text: str, **values: Any) -> Callable[[Wish], Fit]:
    return lambda _: Fit(values, text)


def _numbered(constant: str, low: int, high: int, default: int, text: str) -> Callable[[Wish], Fit]:
    def fit(wish: Wish) -> Fit:
        number = wish.number(low, high, default)
        return Fit({constant: number}, text.format(number))

    return fit


def _waves(wish: Wish) -> Fit:
    patterns = {"sin": r"\bsin(e|us|usoid)?\b", "cos": r"\bcos(ine|inus)?\b", "tan": r"\btan(gent)?\b"}
    names = [name for name, pattern in patterns.items() if re.search(pattern, wish.words)] or ["sin"]
    return Fit({"FUNCTIONS": names}, f"It draws {' and '.join(names)} over two periods.")


def _text_file(wish: Wish) -> Fit:
    path = named_file(wish)
    if path not in wish.files:
        path = next((path for path in wish.files if path.lower().endswith((".txt", ".md", ".log"))), None)
    about = f"the words of {path}" if path else "the words of a short text in the program; put yours in its place"
    return Fit({"FILE": path}, f"It counts {about}.")


def _json_file(wish: Wish) -> Fit:
    path = named_file(wish)
    if path not in wish.files or not path.lower().endswith(".json"):
        path = next((path for path in wish.files if path.lower().endswith(".json")), None)
    about = path or "a short sample in the program; put yours in its place"
    return Fit({"FILE": path}, f"It reads {about}, prints it indented, and makes a table of its records.")


_STATISTIC = "|".join(fitting.STATISTICS.values())

PROGRAMS = (
    Program(
        "group_summary",
        "A statistic of a column for each group, as a bar chart",
        {rf"\b({_STATISTIC})\b": 3, r"\b(by|per|each)\b": 2, r"\b(compare|bar|summar\w+)\b": 2},
        fitting.group_summary,
    ),
    Program(
        "histogram",
        "The distribution of a column (histogram)",
        {r"\b(histograms?|distribut\w+|hist|bell curve)\b": 7},
        fitting.histogram,
    ),
    Program(
        "scatter",
        "One column against another (scatter plot)",
        {r"\b(scatter\w*)\b": 7, r"\b(against|versus|vs|relationship|relation)\b": 5},
        fitting.scatter,
    ),
    Program(
        "box_plot",
        "Boxes of a column for each group",
        {r"\b(box(es)?|box ?plots?|violins?|outliers?)\b": 8},
        fitting.box_plot,
    ),
    Program(
        "correlation",
        "Correlations of all columns, as a heat map",
        {r"\b(correlat\w+|heat ?map)\b": 6},
        fitting.correlation,
    ),
    Program(
        "regression",
        "A linear regression",
        {
            r"\b(regress\w*|linear model|trend ?line|line of best fit|best fit|fit a (straight )?line)\b": 8,
            r"\bpredict\w*\b": 4,
        },
        fitting.regression,
    ),
    Program(
        "classifier",
        "A random forest that tells groups apart",
        {r"\b(classif\w+|random forest|decision tree|machine learning)\b": 8, r"\bpredict\w*\b": 3},
        fitting.classifier,
    ),
    Program(
        "clusters", "Clusters of similar rows (k-means)", {r"\b(cluster\w*|k-?means|segment\w*)\b": 9}, fitting.clusters
    ),
    Program(
        "counts",
        "How often each value of a column occurs",
        {r"\b(how many|how often|counts?|frequenc\w+|value counts|most common|pie)\b": 5},
        fitting.counts,
    ),
    Program(
        "top_rows",
        "The rows with the highest or lowest values",
        {r"\b(top|bottom|sort\w*|rank\w*)\b": 5, r"\b(highest|lowest|largest|smallest|biggest)\b": 4},
        fitting.top_rows,
    ),
    Program(
        "line_plot",
        "Columns over time, as lines",
        {r"\b(over time|time ?series|trends?|line (plot|chart|graph)|by (month|year|day|week|date))\b": 6},
        fitting.line_plot,
    ),
    Program(
        "overview",
        "What is in a table: columns, missing values, distributions",
        {
            r"\b(descri\w+|overview|summar\w+|explor\w+)\b": 5,
            r"\b(missing|columns|info|first (few )?rows|head|types)\b": 4,
            r"\b(load|read|open|analy[sz]e|look at|show|plot|draw|visuali[sz]e|chart|table|dataset|data)\b": 3,
        },
        fitting.overview,
        files=(".csv", ".tsv", ".tab", ".json", ".jsonl", ".xlsx", ".xls"),
    ),
    Program(
        "primes",
        "Prime numbers up to a limit",
        {r"\bprimes?\b": 9},
        alone=_numbered("LIMIT", 2, 1_000_000, 100, "It finds the primes up to {} with Eratosthenes' sieve."),
    ),
    Program(
        "fibonacci",
        "Fibonacci numbers",
        {r"\bfibon\w+\b": 9},
        alone=_numbered("NUMBER", 1, 300, 20, "It lists the first {} Fibonacci numbers and draws how they grow."),
    ),
    Program(
        "waves", "Sine, cosine and tangent, drawn", {r"\b(sin|sine|sinus\w*|cos|cosine|tan|tangent)\b": 8}, alone=_waves
    ),
    Program(
        "random_walk",
        "Random walks",
        {r"\b(random[- ]walks?|brownian|drunkard\w*)\b": 9},
        alone=_numbered("STEPS", 10, 100_000, 1000, "It lets five walkers take {} random steps and draws their ways."),
    ),
    Program(
        "monte_carlo_pi",
        "Pi by the Monte Carlo method",
        {r"\bmonte[- ]carlo\b": 6, r"\b(pi|π)\b": 6},
        alone=_numbered(
            "POINTS",
            100,
            1_000_000,
            100_000,
            "It throws {} random points at a square and estimates pi from those inside the circle.",
        ),
    ),
    Program(
        "sorting",
        "Sorting algorithms compared",
        {
            r"\b((bubble|merge|quick|insertion)[- ]?sort|sorting|sort(ing)? algorithms?)\b": 9,
            r"\bsort (a|some|the|these) (list|numbers|array|values)\b": 7,
        },
        alone=_says("It sorts with bubble sort and with merge sort, counts their comparisons, and draws them."),
    ),
    Program(
        "savings",
        "Compound interest, asking for the amounts",
        {r"\b(interest|savings?|loan|invest\w*)\b": 7},
        alone=_says(
            "It asks for an amount, a rate and a number of years, and shows how the money grows. It reads three inputs."
        ),
    ),
    Program(
        "greeting",
        "A program that asks its user questions",
        {r"\b(input|asks?|interactive|greet\w*|hello|user'?s name|my name|questions?)\b": 5},
        alone=_says("It asks for a name and a year of birth and answers. It reads two inputs."),
    ),
    Program(
        "word_count",
        "Words of a text, counted",
        {r"\b(words?|word count\w*|texts?)\b": 6},
        alone=_text_file,
        files=(".txt", ".md", ".log"),
    ),
    Program("json_data", "JSON, read and made into a table", {r"\bjson\b": 6}, alone=_json_file, files=(".json",)),
    Program(
        "mandelbrot",
        "The Mandelbrot set",
        {r"\b(mandelbrot|fractals?)\b": 9},
        alone=_says("It draws the Mandelbrot set."),
    ),
    Program(
        "dice",
        "Rolls of dice",
        {r"\b(dice|die rolls?|roll\w*)\b": 7},
        alone=_numbered("DICE", 1, 20, 2, "It rolls {} dice ten thousand times and draws the sums."),
    ),
    Program(
        "calculus",
        "Derivative, integral and roots with SymPy",
        {r"\b(derivative|differentiat\w+|integral|integrate|sympy|calculus|symbolic\w*|equations?)\b": 7},
        alone=_says("It takes x³ − 3x, the one function it knows; change it in the first lines."),
    ),
)
"""In order of preference where two weigh the same."""

TITLES = [program.title for program in PROGRAMS]
