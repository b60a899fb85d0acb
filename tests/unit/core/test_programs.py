"""What is told of a program without running it."""

from __future__ import annotations

import pytest

from core.programs import LISTED, analyze, input_calls, problem


def test_a_program_that_parses_has_no_problem():
    assert problem("x = 1\n") is None


def test_a_problem_names_its_line():
    assert "line 2" in (problem("x = 1\nif x\n") or "")


def test_hostile_code_is_a_problem_and_no_crash():
    assert problem("(" * 10_000) is not None
    assert problem("x = '\x00'") is not None


def test_inputs_are_found_with_their_questions():
    code = (
        'name = input("Name? ")\nfor i in range(2):\n    a = int(input(f"Age of {name}: "))\n'
        "b = input()\nc = input(text)\n"
    )
    assert input_calls(code) == [
        {"line": 1, "prompt": "Name?"},
        {"line": 3, "prompt": "Age of {…}:"},
        {"line": 4, "prompt": ""},
        {"line": 5, "prompt": "text"},
    ]


def test_input_in_a_text_or_as_a_method_is_no_question():
    assert input_calls("print('input()')\nform.input('x')\n") == []
    assert input_calls("if x\n") == []


PROGRAM = """
import os, numpy as np
import matplotlib.pyplot as plt
from sklearn.cluster import KMeans
from . import beside

name = input("Who? ")
age = int(input(f"How old is {name}? "))
data = pd.read_csv("wine.csv")
with open("notes.txt") as file, open("out.txt", "w") as out, open(name) as asked, open("b.bin", mode="rb") as raw:
    pass
text = Path("more.md").read_text()
Path("log.txt").open("a").write("x")
pd.read_json("https://example.org/x.json")
data.to_csv("other.csv")
pd.read_csv("wine.csv")
"""


def test_what_a_program_will_do_is_told_from_its_text():
    found = analyze(PROGRAM)
    assert found.problem is None
    assert found.imports == ["matplotlib", "numpy", "os", "sklearn"]
    assert [call["prompt"] for call in found.inputs] == ["Who?", "How old is {…}?"]
    assert found.draws
    assert found.reads_files == ["wine.csv", "notes.txt", "b.bin", "more.md"]


@pytest.mark.parametrize(
    ("code", "draws"),
    [
        ("import seaborn", True),
        ("from plotly import express", True),
        ("means.plot(kind='bar')", True),
        ("plot(1)", False),
        ("import pandas", False),
        ("", False),
    ],
)
def test_what_draws_is_known_by_what_it_imports_or_calls(code, draws):
    assert analyze(code).draws is draws


def test_a_program_that_does_not_parse_says_where():
    found = analyze("x = 1\nprint(x\n")
    assert (found.line, found.column) == (2, 6)
    assert found.problem is not None
    assert (found.imports, found.inputs) == ([], [])


@pytest.mark.parametrize(
    "code", ["(" * 10_000, "x = '\x00'", "input(" + "-" * 5_000 + "1)", "a" + ".b" * 50_000, "[" * 90 + "]" * 90]
)
def test_no_program_is_too_odd_to_be_looked_at(code):
    analyze(code)


def test_what_is_told_is_bounded():
    many = "\n".join(f"import m{number}\ninput('{number}')\nopen('f{number}')" for number in range(1000))
    found = analyze(many)
    assert len(found.imports) == len(found.inputs) == len(found.reads_files) == LISTED
