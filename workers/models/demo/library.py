"""The library: which programs there are, the words that call for each, and the choice among them.

A program is a template in `programs/` and an entry here. The words are weighed; the heaviest entry that can be
fitted wins, and when all are too light there is honestly nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workers.models.demo import fitting
from workers.models.demo.columns import mentions, roles
from workers.models.demo.fitting import Fit, Fitter
from workers.models.demo.reading import Table, Wish
from workers.models.demo.render import render
from workers.models.demo.sources import named_file, table_of

ENOUGH = 3
"""Weight from which on a program counts as asked for."""


_DRAW = re.compile(r"\b(plot|draw|graph|chart|show|visuali[sz]e|display)\b")


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


@dataclass(frozen=True, slots=True)
class Pick:
    """What came of a wish: a program, and what it does in a sentence or two."""

    program: str
    code: str
    says: str


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


def pick(wish: Wish) -> Pick | None:
    """The program that fits the wish best; None when nothing does."""
    table = table_of(wish)
    if table is None and (missing := _missing(wish)):
        return missing
    weights = [(_weight(program, wish, table), program) for program in PROGRAMS]
    for weight, program in sorted(weights, key=lambda pair: -pair[0]):
        if weight < ENOUGH:
            return None
        if found := _fitted(program, wish, table):
            return found
    return None


def _weight(program: Program, wish: Wish, table: Table | None) -> int:
    if program.on_table is not None and table is None:
        return 0
    weight = sum(value for cue, value in program.cues.items() if re.search(cue, wish.words))
    name = named_file(wish)
    if name in wish.files and name.lower().endswith(program.files or ("\n",)):
        weight = max(weight, ENOUGH)
    return weight + _from_columns(program.name, wish, table) if program.on_table and table else weight


def _from_columns(name: str, wish: Wish, table: Table) -> int:
    """What the named columns say: one that is to be drawn asks for another picture than two, or than a group."""
    if not mentions(table, wish.words):
        return 0
    named = roles(table, wish.words)
    drawn = bool(_DRAW.search(wish.words))
    match name:
        case "overview":
            return 0
        case "group_summary" if named.group is None:
            return 0
        case "group_summary" if named.numbers:
            return 2 + 2 * drawn
        case "scatter" if len(named.numbers) == 2:
            return 2 + 2 * drawn
        case "histogram" if len(named.numbers) == 1 and named.group is None:
            return 2 + 2 * drawn
        case "counts" if named.group is not None and not named.numbers:
            return 2 + 2 * drawn
        case "regression" if named.group is not None and not table.numeric(named.group):
            return 0
        case "histogram" | "scatter" | "counts":
            return 0
    return 2


def _fitted(program: Program, wish: Wish, table: Table | None) -> Pick | None:
    if program.on_table is None:
        fit = program.alone(wish) if program.alone else Fit({}, "")
        return Pick(program.name, render(program.name, fit.values), fit.says)
    if table is None or (not table.columns and program.name != "overview"):
        return None
    fitted = program.on_table(wish, table)
    if fitted is None:
        return None
    source = (
        f"There is no {table.path} in this session, so the program takes scikit-learn's own copy of that data."
        if table.bundled
        else f"The program loads {table.path}."
    )
    return Pick(program.name, render(program.name, fitted.values, table), f"{source} {fitted.says}")


def _missing(wish: Wish) -> Pick | None:
    name = named_file(wish)
    if name is None or name in wish.files:
        return None
    return Pick(
        "missing_file",
        render("missing_file", {"WANTED": name}),
        f"There is no file {name} in this session. Upload it and ask again; the program lists the files that are here.",
    )


def menu() -> str:
    """The program for when nothing fits: it prints what there is."""
    return render("menu", {"PROGRAMS": TITLES})
