"""Every program of the demo library really runs, in the sandbox's own Python, with the example files beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from core.agents.generate import GenerateInput
from workers.generator.preview import HEAD, describe
from workers.generator.request import compose
from workers.models.demo.catalogue import PROGRAMS
from workers.models.demo.library import menu, pick
from workers.models.demo.reading import read

ROOT = Path(__file__).parents[4]
EXAMPLES = ROOT / "examples"
PYTHON = ROOT / ".venv-sandbox/bin/python"
WARM_PYTHON = Path(__file__).with_name("warm_python.py")

pytestmark = pytest.mark.skipif(
    not PYTHON.exists() and os.environ.get("CI") != "true", reason="there is no .venv-sandbox to run programs with"
)

PROMPTS = {
    "group_summary": "average alcohol and hue by class in wine.csv",
    "histogram": "histogram of alcohol and ash in wine.csv",
    "scatter": "petal length against petal width in iris.csv, coloured by species",
    "box_plot": "box plot of bmi by sex in diabetes.csv",
    "correlation": "correlations of diabetes.csv",
    "regression": "regression in diabetes.csv",
    "classifier": "random forest for the species of iris.csv",
    "clusters": "cluster wine.csv into 3 groups",
    "counts": "how many wines per class in wine.csv",
    "top_rows": "the 5 wines with the highest proline in wine.csv",
    "line_plot": "line chart of sold over time in shop.csv",
    "overview": "describe semicolons.csv",
    "primes": "primes up to 10000",
    "fibonacci": "50 fibonacci numbers",
    "waves": "sine, cosine and tangent",
    "random_walk": "random walk",
    "monte_carlo_pi": "pi by monte carlo",
    "sorting": "sorting algorithms",
    "savings": "compound interest",
    "greeting": "ask for my name",
    "word_count": "count the words of wine_notes.txt",
    "json_data": "read books.json",
    "mandelbrot": "mandelbrot",
    "dice": "roll 3 dice",
    "calculus": "derivative",
}
MORE = [
    "average alcohol by class in wine.csv, without an upload",
    "scatter plot of the iris data, without an upload",
    "regression of progression on bmi in the diabetes data, without an upload",
    "scatter alcohol against hue in wine.csv",
    "regression of progression on bmi in diabetes.csv",
    "cluster petal length and petal width of iris.csv into 3 groups",
    "what is in people.json",
    "average price by shop in semicolons.csv",
    "words of a text",
    "json",
    "describe nothing_there.csv",
]
INPUTS = {"savings": "100\n5\n10\n", "greeting": "Ada\n1815\n"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / "files"
    folder.mkdir()
    for path in EXAMPLES.iterdir():
        if path.suffix in (".csv", ".txt"):
            shutil.copy(path, folder)
    (folder / "shop.csv").write_text("date,sold\n2024-01-01,3\n2024-01-02,5\n2024-01-03,\n")
    (folder / "semicolons.csv").write_bytes("Läden;Shop;Preis price\nA;x;1\nB;y;2\nC;x;\n".encode("cp1252"))
    (folder / "books.json").write_text(json.dumps({"books": [{"title": "Emma", "year": 1815}]}))
    (folder / "people.json").write_text(json.dumps([{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]))
    return folder


@pytest.fixture(scope="module")
def outcome_of(folder):
    """Runs a program with something to read; its exit status, and what it printed to each stream."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "Agg",
        "HOME": str(folder.parent),
        "OMP_NUM_THREADS": "1",
    }
    streams = [folder.parent / name for name in ("stdin", "stdout", "stderr")]
    with subprocess.Popen(
        [PYTHON, WARM_PYTHON], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as python:

        def run(code, given=""):
            for path in streams:
                path.write_text(given if path.name == "stdin" else "")
            descriptors = {f"descriptor_{number}": str(path) for number, path in enumerate(streams)}
            python.stdin.write(json.dumps({"code": code, "folder": str(folder), **descriptors}) + "\n")
            python.stdin.flush()
            status = int(python.stdout.readline())
            return status, streams[1].read_text(), streams[2].read_text()

        yield run


def picked(prompt, folder):
    uploaded = "without an upload" not in prompt
    paths = sorted(folder.glob("*.*")) if uploaded else []
    files = [describe(path.name, path.stat().st_size, path.read_bytes()[:HEAD]) for path in paths]
    return pick(read(compose(GenerateInput(prompt=prompt), files)))


def test_every_program_of_the_library_is_tried_here():
    assert set(PROMPTS) == {program.name for program in PROGRAMS}


@pytest.mark.parametrize("program", PROMPTS)
def test_program_runs_to_its_end(program, folder, outcome_of):
    found = picked(PROMPTS[program], folder)
    assert found is not None
    assert found.program == program
    code, out, err = outcome_of(found.code, INPUTS.get(program, ""))
    assert code == 0, err
    assert out.strip()


@pytest.mark.parametrize("prompt", MORE)
def test_variants_run_to_their_end(prompt, folder, outcome_of):
    found = picked(prompt, folder)
    assert found is not None
    code, out, err = outcome_of(found.code)
    assert code == 0, err
    assert out.strip()


def test_the_menu_runs_too(outcome_of):
    code, out, _ = outcome_of(menu())
    assert code == 0
    assert PROGRAMS[0].title in out


def test_the_numbers_are_right(folder, outcome_of):
    found = picked("load wine.csv, average alcohol by class, and draw it", folder)
    _, out, _ = outcome_of(found.code)
    assert "mean alcohol by class, over 178 rows in 3 groups" in out
    assert "class_0: 13.74" in out
