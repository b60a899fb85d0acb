"""The demo model: what it picks, how it fits it, and that it never pretends to be more."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.generate import Fix, GenerateInput
from workers.generator.preview import HEAD, describe
from workers.generator.request import compose
from workers.generator.stream import AnswerReader
from workers.models.demo.catalogue import PROGRAMS
from workers.models.demo.columns import mentions, roles
from workers.models.demo.library import pick
from workers.models.demo.reading import read
from workers.models.demo.render import PROGRAMS as TEMPLATES
from workers.models.demo.render import render, template
from workers.models.demo.reply import reply

EXAMPLES = Path(__file__).parents[4] / "examples"


def files(*names):
    return [describe(name, 1, (EXAMPLES / name).read_bytes()[:HEAD]) for name in names]


def wish(prompt, *names, **more):
    return read(compose(GenerateInput(prompt=prompt, **more), files(*names)))


def answer(prompt, *names, **more):
    reader = AnswerReader()
    reader.feed(reply(compose(GenerateInput(prompt=prompt, **more), files(*names))))
    reader.finish()
    return reader


def constants(code):
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(code).body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id.isupper()
    }


@pytest.mark.parametrize(
    ("prompt", "program", "values"),
    [
        (
            "load wine.csv, average alcohol by class, and draw it",
            "group_summary",
            {"VALUES": ["alcohol"], "GROUP": "class", "STATISTIC": "mean", "FILE": "wine.csv"},
        ),
        ("median colour intensity per class?", "group_summary", {"VALUES": ["color_intensity"], "STATISTIC": "median"}),
        ("average alchohol by clas", "group_summary", {"VALUES": ["alcohol"], "GROUP": "class"}),
        ("total phenols by class", "group_summary", {"VALUES": ["total_phenols"], "STATISTIC": "mean"}),
        ("histogram of malic acid", "histogram", {"VALUES": ["malic_acid"]}),
        ("scatter alcohol vs proline", "scatter", {"Y": "alcohol", "X": "proline"}),
        ("plot ash and hue", "scatter", {"X": "ash", "Y": "hue"}),
        ("box plot of proline for each class", "box_plot", {"VALUE": "proline", "GROUP": "class"}),
        ("how many rows are there per class", "counts", {"GROUP": "class"}),
        ("top 5 wines by alcohol", "top_rows", {"VALUE": "alcohol", "NUMBER": 5, "ASCENDING": False}),
        ("regression of alcohol on proline, hue", "regression", {"TARGET": "alcohol", "FEATURES": ["proline", "hue"]}),
        ("a random forest for the class", "classifier", {"TARGET": "class"}),
        ("k-means with 4 clusters on alcohol and hue", "clusters", {"NUMBER": 4, "COLUMNS": ["alcohol", "hue"]}),
        ("show correlations", "correlation", {"COLUMNS": None}),
        ("describe the data", "overview", {}),
    ],
)  # fmt: skip
def test_a_request_about_a_table_is_fitted_to_its_columns(prompt, program, values):
    found = pick(wish(prompt, "wine.csv"))
    assert found is not None
    assert found.program == program
    assert values.items() <= constants(found.code).items()


@pytest.mark.parametrize(
    ("prompt", "program", "values"),
    [
        ("prime numbers below 1,000", "primes", {"LIMIT": 1000}),
        ("first 30 fibonacci numbers", "fibonacci", {"NUMBER": 30}),
        ("draw sine and cosine", "waves", {"FUNCTIONS": ["sin", "cos"]}),
        ("random walk with 500 steps", "random_walk", {"STEPS": 500}),
        ("estimate pi by monte carlo", "monte_carlo_pi", {}),
        ("compare sorting algorithms", "sorting", {}),
        ("ask for my name", "greeting", {}),
        ("compound interest", "savings", {}),
        ("count the words in a text", "word_count", {"FILE": None}),
        ("read some json", "json_data", {"FILE": None}),
    ],
)
def test_a_request_without_files_finds_its_program(prompt, program, values):
    found = pick(wish(prompt))
    assert found is not None
    assert found.program == program
    assert values.items() <= constants(found.code).items()


def test_every_prompt_of_the_examples_finds_a_program():
    for example in json.loads((EXAMPLES / "prompts.json").read_text()):
        found = pick(wish(example["prompt"], *example["files"]))
        assert found is not None, example
        for name in example["files"]:
            assert name in found.code


@pytest.mark.parametrize("program", [path.stem for path in sorted(TEMPLATES.glob("*.py"))])
def test_every_template_parses_and_is_in_the_library(program):
    ast.parse(template(program))
    assert not template(program).startswith("#")
    assert program in {entry.name for entry in PROGRAMS} | {"menu", "missing_file"}


def test_what_it_has_nothing_for_it_says_and_lists_what_it_has():
    reader = answer("write a poem about the sea")
    assert "Nothing in the library fits" in reader.prose
    assert all(entry.title in reader.prose and entry.title in reader.code for entry in PROGRAMS)
    ast.parse(reader.code)


def test_a_file_that_is_not_there_is_told():
    reader = answer("plot sales.csv", "wine.csv")
    assert "no file sales.csv" in reader.prose
    assert "sales.csv" in reader.code


def test_the_wine_data_is_known_without_an_upload_and_the_answer_says_where_from():
    reader = answer("average alcohol by class in wine.csv")
    assert "scikit-learn's own copy" in reader.prose
    assert "load_wine" in reader.code
    assert "read_csv" not in reader.code


def test_a_missing_import_is_mended():
    reader = answer("fix it", fix=Fix(code="print(np.pi)\n", error="NameError: name 'np' is not defined"))
    assert reader.code == "import numpy as np\nprint(np.pi)\n"


def test_a_column_nearly_right_is_mended():
    fix = Fix(code="t['alchol'].mean()\n", error="Traceback\nKeyError: 'alchol'")
    assert answer("fix it", "wine.csv", fix=fix).code == "t['alcohol'].mean()\n"


def test_what_it_cannot_mend_it_gives_back_and_says_so():
    reader = answer("fix it", fix=Fix(code="1 / 0\n", error="ZeroDivisionError: division by zero"))
    assert reader.code == "1 / 0\n"
    assert "cannot mend" in reader.prose


def test_it_does_not_pretend_to_change_a_program():
    reader = answer("make it blue", base_code="x = 1\n")
    assert reader.code == "x = 1\n"
    assert "cannot change a program" in reader.prose


@given(st.text(min_size=1, max_size=200), st.sampled_from([None, "x = (", "x = '```'\n"]), st.booleans())
def test_whatever_is_asked_it_says_what_it_is_and_gives_a_program_that_parses(prompt, base_code, with_file):
    given_files = files("wine.csv") if with_file else []
    text = reply(compose(GenerateInput.model_construct(prompt=prompt, base_code=base_code, fix=None), given_files))
    reader = AnswerReader()
    reader.feed(text)
    reader.finish()
    assert "demo model" in reader.prose
    assert reader.code
    ast.parse(reader.code)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    st.lists(NAMES, min_size=1, max_size=6, unique=True), NAMES, st.sampled_from([p for p in PROGRAMS if p.on_table])
)
def test_odd_names_of_columns_and_files_make_no_broken_program(columns, name, program):
    about = {
        "path": f"{name}.csv",
        "bytes": 9,
        "format": "csv",
        "columns": columns,
        "first_rows": [["1"] * len(columns)],
    }
    asked = read(compose(GenerateInput.model_construct(prompt="x", base_code=None, fix=None), [about]))
    (table,) = asked.tables
    assert table.columns == tuple(columns)
    fit = program.on_table(asked, table)
    if fit is not None:
        code = render(program.name, fit.values, table)
        ast.parse(code)
        assert constants(code)["FILE"] == f"{name}.csv"


def test_columns_are_found_in_the_order_of_the_wish():
    table = wish("x", "iris.csv").tables[0]
    text = "sepal widths against Petal Length by species"
    assert [mention.column for mention in mentions(table, text)] == ["sepal_width", "petal_length", "species"]
    assert roles(table, text).group == "species"


def test_numbers_of_the_wish_are_kept_within_bounds():
    assert wish("primes up to 99999999999").number(2, 1000, 5) == 1000
    assert wish("primes").number(2, 1000, 5) == 5


def test_the_menu_names_no_program_twice():
    assert len({entry.title for entry in PROGRAMS}) == len(PROGRAMS) == len({entry.name for entry in PROGRAMS})
    assert not re.search(r"TODO|FIXME", "".join(template(path.stem) for path in TEMPLATES.glob("*.py")))
