"""A report is text from inside the sandbox: what is not of its form is refused whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from workers.executor.report import Report, StoredFigure

GOOD: dict[str, Any] = {
    "exit": "ok",
    "text": "1",
    "error": None,
    "warnings": [{"name": "UserWarning", "value": "w", "line": 1}],
    "execution_count": 1,
    "outputs": [{"image/png": {"file": "figure-1.png"}, "text/plain": "<Figure>"}],
    "truncated": False,
    "files": [{"path": "a.csv", "size": 3, "change": "created", "state": [3, 10**18, 7]}],
    "files_left_out": 0,
}
ERROR = {"name": "E", "value": "v", "traceback": ["t"], "line": 1, "column": None}


def read(report: Any) -> Report:
    return Report.model_validate_json(json.dumps(report))


def test_a_report_is_read() -> None:
    report = read(GOOD)
    assert report.outputs[0] == {"image/png": StoredFigure(file="figure-1.png"), "text/plain": "<Figure>"}
    assert read(GOOD | {"exit": "error", "error": ERROR}).error is not None


NESTED: list[Any] = []
for _ in range(100):
    NESTED = [NESTED]

HOSTILE: dict[str, dict[str, Any]] = {
    "an unknown exit": {"exit": "fine"},
    "an unknown field": {"admin": True},
    "a missing field": {"files": ...},
    "text that is a list": {"text": ["a"]},
    "a count below zero": {"execution_count": -1},
    "a count that is text": {"execution_count": "many"},
    "too many outputs": {"outputs": [{"text/plain": "x"}] * 201},
    "outputs that are no list": {"outputs": {"text/plain": "x"}},
    "a type with a line break": {"outputs": [{"text/plain\r\nX: y": "x"}]},
    "a type in capitals": {"outputs": [{"Text/HTML": "x"}]},
    "a type without a slash": {"outputs": [{"html": "x"}]},
    "an error without end": {"error": ERROR | {"value": "x" * 10_001}},
    "a traceback without end": {"error": ERROR | {"traceback": ["x"] * 201}},
    "a long line of a traceback": {"error": ERROR | {"traceback": ["x" * 4001]}},
    "an error with more to say": {"error": ERROR | {"more": 1}},
    "a line that is text": {"error": ERROR | {"line": "x"}},
    "a column that is text": {"error": ERROR | {"column": "x"}},
    "a file of less than nothing": {"files": [GOOD["files"][0] | {"size": -1}]},
    "a file that is known by nothing": {"files": [GOOD["files"][0] | {"state": []}]},
    "a file that is known by words": {"files": [GOOD["files"][0] | {"state": ["x", "y", "z"]}]},
    "files left out without end": {"files_left_out": 2**31},
    "warnings without end": {"warnings": [{"name": "W", "value": "w", "line": 1}] * 51},
    "a long warning": {"warnings": [{"name": "W", "value": "w" * 4001, "line": 1}]},
    "an output in too many forms": {"outputs": [{f"text/x{n}": "x" for n in range(21)}]},
    "markup that is no text": {"outputs": [{"text/html": ["x"]}]},
    "svg that is no text": {"outputs": [{"image/svg+xml": {"file": "figure-1.png"}}]},
    "a picture as text": {"outputs": [{"image/png": "iVBORw0KGgo="}]},
    "a picture that is no base64": {"outputs": [{"image/png": {"file": "figure-1.png", "base64": "x"}}]},
    "data nested without end": {"outputs": [{"application/json": NESTED}]},
    "a file of negative size": {"files": [{"path": "a", "size": -1, "change": "created", "state": [3, 10**18, 7]}]},
    "a file that was eaten": {"files": [{"path": "a", "size": 1, "change": "eaten"}]},
    "too many files": {"files": [{"path": "a", "size": 1, "change": "created", "state": [3, 10**18, 7]}] * 1001},
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_report_is_refused_for(what: str) -> None:
    report = {name: value for name, value in (GOOD | HOSTILE[what]).items() if value is not ...}
    with pytest.raises(ValidationError):
        read(report)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "1", '"x"', "[" * 10_000, '{"exit": NaN}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate_json(text)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "figure-1.png/../x", "figure-1.svg", "figure-.png", "figure-1.png\n", ""],
)
def test_a_figure_elsewhere_is_never_fetched(name: str) -> None:
    with pytest.raises(ValidationError):
        read(GOOD | {"outputs": [{"image/png": {"file": name}}]})


def test_data_that_looks_like_a_stored_figure_is_data() -> None:
    report = read(GOOD | {"outputs": [{"application/json": {"file": "figure-1.png"}}, None, {}]})
    assert report.outputs == [{"application/json": {"file": "figure-1.png"}}, None, {}]
