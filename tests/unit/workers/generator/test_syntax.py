"""What is told of a program without running it."""

from __future__ import annotations

from workers.generator.syntax import input_calls, problem


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
