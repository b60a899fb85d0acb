"""Prose and code are told apart, whatever pieces the answer comes in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.generator.stream import AnswerReader, Part


def read(*chunks):
    reader = AnswerReader()
    pieces = [piece for chunk in chunks for piece in reader.feed(chunk)] + reader.finish()
    return reader, pieces


def streamed(pieces, part):
    """What a watcher has in the end, who empties the code at a reset."""
    text = ""
    for piece in pieces:
        if piece.part is Part.RESET and part is Part.CODE:
            text = ""
        elif piece.part is part:
            text += piece.text
    return text


ANSWERS = {
    "one block": ("Draws.\n\n```python\nx = 1\n```\nDone.", "x = 1\n", "Draws.\n\nDone."),
    "tildes": ("~~~python\nx = 1\n~~~\n", "x = 1\n", ""),
    "no name": ("Here:\n```\nx = 1\n```", "x = 1\n", "Here:"),
    "indented fence": ("- so:\n\n  ```py\n  if x:\n      y()\n  ```\n", "if x:\n    y()\n", "- so:"),
    "several blocks": ("```python\na = 1\n```\nthen\n```python\nb = 2\n```", "a = 1\n\nb = 2\n", "then"),
    "other language": (
        "```bash\npip install x\n```\n```python\nx = 1\n```",
        "x = 1\n",
        "```bash\npip install x\n```",
    ),
    "sample first": ("```\n1 2 3\n```\nso\n```python\nx = 1\n```", "x = 1\n", "so\n1 2 3"),
    "never closed": ("Hm\n```python\nx = 1\ny = 2", "x = 1\ny = 2\n", "Hm"),
    "closing broken off": ("```python\nx = 1\n``", "x = 1\n", ""),
    "closed at the end of a line": ("```python\nprint(1)```\nBye", "print(1)\n", "Bye"),
    "opened twice": ("```python\na = 1\n```python\nb = 2\n```", "a = 1\n\nb = 2\n", ""),
    "longer fence": ('````python\nx = """\n```\n"""\n````', 'x = """\n```\n"""\n', ""),
    "example in a docstring": (
        '```python\ndef f():\n    """\n        ```python\n        f()\n        ```\n    """\n```',
        'def f():\n    """\n        ```python\n        f()\n        ```\n    """\n',
        "",
    ),
    "example in a text at the left": (
        "```python\nt = '''\n```\nhello\n```\n'''\nprint(t)\n```\nBye",
        "t = '''\n```\nhello\n```\n'''\nprint(t)\n",
        "Bye",
    ),
    "version": ("```python3.11\nx = 1\n```", "x = 1\n", ""),
    "braces": ("```{python}\nx = 1\n```", "x = 1\n", ""),
    "program between prose": (
        "Here it is:\n\nimport math\n\nprint(math.pi)\n\nIt prints pi (roughly).",
        "import math\n\nprint(math.pi)\n",
        "Here it is:\n\nIt prints pi (roughly).",
    ),
    "an aside": (
        "I do not know.\n\nNote (important)\n\nAsk again.",
        "",
        "I do not know.\n\nNote (important)\n\nAsk again.",
    ),
    "windows lines": ("Hi\r\n```python\r\nx = 1\r\ny = 2\r\n```\r\n", "x = 1\ny = 2\n", "Hi"),
    "file name": ("```python:main.py\nx = 1\n```", "x = 1\n", ""),
    "bare program": ("import math\nprint(math.pi)\n", "import math\nprint(math.pi)\n", ""),
    "bare prose": ("Which file do you mean?", "", "Which file do you mean?"),
    "a word": ("Hello", "", "Hello"),
    "inline code": ("Use `x` and ```y``` here", "", "Use `x` and ```y``` here"),
    "tilde operator": ("```python\nm = a[~b]\n~x\n```", "m = a[~b]\n~x\n", ""),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_taken_apart(name):
    answer, code, prose = ANSWERS[name]
    reader, _ = read(answer)
    assert reader.code == code
    assert reader.prose.replace("\n\n", "\n") == prose.replace("\n\n", "\n")


# fmt: off
FRAGMENTS = st.sampled_from(
    ["```", "~~~", "``", "`", "~", "python", "py", "bash", "\n", "\r\n", "\n\n", " ", "    ", "\t", "{", ":", "é", "…",
     "x = 1", "if a:", '"""', "\'\'\'\n", "# note", "```python\n", "\n```\n", "text ", "print(1)"]
)
# fmt: on
ANSWER = (
    st.lists(FRAGMENTS, max_size=30).map("".join)
    | st.text(max_size=80)
    | st.sampled_from([a for a, _, _ in ANSWERS.values()])
)


@given(ANSWER, st.data())
def test_any_chunking_gives_the_same(answer, data):
    whole, whole_pieces = read(answer)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=12)))
    chunks = [answer[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    for parts in (chunks, list(answer)):
        reader, pieces = read(*parts)
        assert (reader.code, reader.prose) == (whole.code, whole.prose)
        for part in (Part.CODE, Part.PROSE):
            assert streamed(pieces, part) == streamed(whole_pieces, part)


@given(ANSWER)
def test_what_is_streamed_is_the_code_in_the_end(answer):
    reader, pieces = read(*answer)
    assert "".join(streamed(pieces, Part.CODE).split()) == "".join(reader.code.split())


@given(st.sampled_from(["```", "````", "~~~"]), st.data())
def test_no_fence_of_its_kind_is_left_in_the_code(fence, data):
    kinds = ["x = 1", "", "    y()", "# `a`", fence[:3], fence, f"{fence}python", f"z(){fence}", f"  {fence}"]
    lines = data.draw(st.lists(st.sampled_from(kinds), max_size=8))
    reader, _ = read(f"Say\n{fence}python\n" + "\n".join(lines) + f"\n{fence}\n")
    assert not re.search(rf"^ {{0,3}}{fence}[`~]*\s*\w*$", reader.code, re.MULTILINE)


def test_code_arrives_before_its_line_is_complete():
    reader = AnswerReader()
    reader.feed("```python\n")
    assert [piece.text for piece in reader.feed("total = su")] == ["total = su"]


def test_prose_arrives_before_its_line_is_complete():
    assert [piece.text for piece in AnswerReader().feed("This pro")] == ["This pro"]
