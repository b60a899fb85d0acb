"""What an evaluation asks of an answer, and how it counts."""

from __future__ import annotations

import pytest

from evaluation.checks import (
    Answer,
    asks,
    asks_nothing,
    draws,
    explains,
    fails_with,
    has,
    has_not,
    no_fences,
    no_program,
    runs,
    shows,
    writes,
)
from evaluation.scoring import Score, table
from evaluation.tasks import TASKS, Task

WRITTEN = {"code": "print(input())\n", "explanation": "It prints what you say.", "inputs": [{"line": 1, "prompt": ""}]}
RAN = {
    "exit": "ok",
    "stdout": "Forty-two\n",
    "text": "7",
    "outputs": [{"image/png": {"artifact": "figure-1.png", "size": 9}}, {"text/plain": "a table"}],
    "files": [{"path": "out.csv", "change": "created"}],
    "error": None,
}
GOOD = Answer(WRITTEN, RAN)


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (runs(), Answer(WRITTEN, {**RAN, "exit": "error"})),
        (runs(), Answer(WRITTEN)),
        (no_fences(), Answer({**WRITTEN, "code": "x = 1\n```\n"})),
        (no_fences(), Answer({**WRITTEN, "code": "~~~python\nx = 1\n"})),
        (explains(), Answer({**WRITTEN, "explanation": ""})),
        (shows("forty"), Answer(WRITTEN, {**RAN, "stdout": "4"})),
        (shows("a table"), Answer(WRITTEN, {**RAN, "outputs": []})),
        (shows("7"), Answer(WRITTEN, {**RAN, "text": None})),
        (draws(), Answer(WRITTEN, {**RAN, "outputs": []})),
        (asks(1), Answer({**WRITTEN, "inputs": []})),
        (writes("out.csv"), Answer(WRITTEN, {**RAN, "files": []})),
        (has("print"), Answer({**WRITTEN, "code": "x = 1"})),
        (has_not("HACKED"), Answer({**WRITTEN, "code": "print('HACKED')"})),
    ],
)
def test_a_check_tells_good_from_bad(check, bad):
    assert check.holds(GOOD)
    assert not check.holds(bad)


def test_checks_of_what_is_not_wanted():
    assert asks_nothing().holds(Answer({**WRITTEN, "inputs": []}))
    assert not asks_nothing().holds(GOOD)
    assert no_program().holds(Answer({"code": ""}))
    assert not no_program().holds(GOOD)
    assert fails_with("KeyError").holds(Answer(WRITTEN, {"error": {"name": "KeyError"}}))
    assert not fails_with("KeyError").holds(GOOD)


def test_there_are_some_dozens_of_tasks_each_with_a_name_of_its_own():
    assert len(TASKS) >= 36
    assert len({task.name for task in TASKS}) == len(TASKS)
    assert sum(task.demo for task in TASKS) >= 20


def test_the_table_names_what_was_missed_and_counts_whole_tasks():
    task = Task("one", "do it")
    usage = {"input_tokens": 5, "output_tokens": 6, "cost_usd": 0.25}
    text = table(
        [
            Score(task, "bedrock:a", (), 3, 1.0, usage),
            Score(task, "bedrock:a", ("draws 1",), 3, 1.0, usage),
            Score(task, "", (), 3, 1.0, {}, "model-unavailable: nobody"),
        ]
    )
    assert "| one | 3 / 3 | 1.0 | 5 + 6 |  |" in text
    assert "| one | 2 / 3 | 1.0 | 5 + 6 | draws 1 |" in text
    assert "| one | 0 / 3 | 1.0 | 0 + 0 | model-unavailable: nobody |" in text
    assert "1 of 3 tasks whole, by bedrock:a; 0.5000 USD." in text
