"""The harness, run for real: in the sandbox's Python with and without IPython's shell, and in a bare one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness_rig import Interpreter


def test_the_bare_interpreter_is_bare(interpreters: Callable[[str], Interpreter], tmp_path: Path) -> None:
    """Else the tests below would not tell the difference."""
    for name in ("IPython", "pandas", "matplotlib"):
        assert interpreters("bare").run(tmp_path, f"import {name}").error["name"] == "ModuleNotFoundError"


def test_the_last_expression_is_the_value(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "x = 20\nprint('out')\nx * 2 + 2")
    assert (ran.text, ran.stdout) == ("42", "out\n")
    [output] = ran.report["outputs"]
    assert output["text/plain"] == "42"


@pytest.mark.parametrize(
    "code", ["42;", "42 ;  # why", "x = 1", "None", "print(1)", "", "# nothing", "if True:\n    42"]
)
def test_what_shows_no_value(code: str, interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, code)
    assert ran.text is None
    assert ran.report["outputs"] == []


@pytest.mark.parametrize("code", ["'a;'", "'''a\n;'''", "(1,\n 2)", "[';'][0]", "1 # ;"])
def test_a_semicolon_inside_is_not_one_at_the_end(code: str, interpreter: Interpreter, tmp_path: Path) -> None:
    assert interpreter.run(tmp_path, code).text is not None


def test_variables_functions_and_the_count_live_on(interpreter: Interpreter, tmp_path: Path) -> None:
    first = interpreter.run(tmp_path, "def twice(n):\n    return helper * n\nhelper = 2\nlast = 7\nlast")
    assert interpreter.run(tmp_path, "twice(4) + _").text == "15"
    assert interpreter.run(tmp_path, "1").report["execution_count"] == first.report["execution_count"] + 2


def test_await_works_at_the_top(interpreter: Interpreter, tmp_path: Path) -> None:
    code = "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n\n"
    code += "a = await f(1)\nprint(a)\nawait f(2)"
    ran = interpreter.run(tmp_path, code)
    assert (ran.text, ran.stdout) == ("2", "1\n")
    assert interpreter.run(tmp_path, "await f(a / 0)").error["name"] == "ZeroDivisionError"
    assert interpreter.run(tmp_path, "asyncio.run(f(3))").text == "3"


def test_inputs_are_given_in_turn_and_shown_as_a_terminal_would(interpreter: Interpreter, tmp_path: Path) -> None:
    code = "import getpass\na = input('one? ')\nb = int(input())\nc = getpass.getpass('three? ')\na, b, c"
    ran = interpreter.run(tmp_path, code, ["x", "2", "secret"])
    assert ran.text == "('x', 2, 'secret')"
    assert ran.stdout == "one? x\n2\nthree? \n"


def test_running_out_of_inputs_says_which_question_had_no_answer(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "input('one? ')\n\ninput('two? ')", ["x"])
    assert (ran.error["name"], ran.error["line"]) == ("EOFError", 3)
    assert "two?" in ran.error["value"]
    assert "EOFError" in ran.error["traceback"][-1]
    assert "NoMoreInput" not in "\n".join(ran.error["traceback"])
    assert interpreter.run(tmp_path, "try:\n    input()\nexcept EOFError:\n    print('caught')").stdout == "\ncaught\n"


def test_a_syntax_error_names_its_line_and_runs_nothing(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "print('ran')\nx = = 2\n")
    assert (ran.error["name"], ran.error["line"], ran.stdout) == ("SyntaxError", 2, "")
    assert any("x = = 2" in line for line in ran.error["traceback"])


@pytest.mark.parametrize("code", ["return 1", "yield 1", "def f(:\n", "\x01", "x = '\\ud800' +", "(" * 300])
def test_what_does_not_compile_is_the_programs_error(code: str, interpreter: Interpreter, tmp_path: Path) -> None:
    assert interpreter.run(tmp_path, code).error["name"] in {"SyntaxError", "IndentationError", "MemoryError"}


def test_a_traceback_has_the_programs_frames_with_their_source_and_none_of_ours(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    ran = interpreter.run(tmp_path, "def halve(n):\n    return n / 0\n\nhalve(3)")
    text = "\n".join(ran.error["traceback"])
    assert ran.error["line"] == 2
    assert "return n / 0" in text
    assert "halve(3)" in text
    assert "harness" not in text


def test_chained_errors_are_all_told(interpreter: Interpreter, tmp_path: Path) -> None:
    code = "try:\n    {}['a']\nexcept KeyError as error:\n    raise RuntimeError('b') from error"
    ran = interpreter.run(tmp_path, code)
    text = "\n".join(ran.error["traceback"])
    assert (ran.error["name"], ran.error["line"]) == ("RuntimeError", 4)
    assert "KeyError: 'a'" in text
    assert "direct cause" in text


def test_an_endless_recursion_has_a_traceback_with_an_end(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "def f(): return g()\ndef g(): return f()\nf()")
    assert ran.error["name"] == "RecursionError"
    assert len(ran.error["traceback"]) <= 101


@pytest.mark.parametrize(
    ("code", "exit_"),
    [
        ("import sys; sys.exit()", "ok"),
        ("import sys; sys.exit(0)", "ok"),
        ("raise SystemExit(2)", "error"),
        ("import sys; sys.exit('no')", "error"),
    ],
)
def test_leaving_is_an_error_where_the_program_says_so(
    code: str, exit_: str, interpreter: Interpreter, tmp_path: Path
) -> None:
    assert interpreter.run(tmp_path, code).report["exit"] == exit_
    assert interpreter.run(tmp_path, "1").text == "1"


def test_changed_files_are_told_and_links_and_our_own_are_not(interpreter: Interpreter, tmp_path: Path) -> None:
    for name in ("same", "change", "delete"):
        (tmp_path / name).write_text("old")
    code = (
        "import os\nopen('change', 'w').write('newer')\nos.remove('delete')\nos.makedirs('deep/er')\n"
        "open('deep/er/new', 'w').close()\nos.symlink('/etc/hostname', 'link')\nopen('.aci/mine', 'w').close()\n"
    )
    assert interpreter.run(tmp_path, code).files == {
        "change": "modified",
        "delete": "deleted",
        "deep/er/new": "created",
    }
    assert interpreter.run(tmp_path, "pass").files == {}


HOSTILE = {
    "a repr that raises": "class C:\n    def __repr__(self): raise ValueError('x')\nC()",
    "a repr that is no text": "class C:\n    def __repr__(self): return 1\nC()",
    "a repr without end": "class C:\n    def __repr__(self): return 'x' * 10_000_000\nC()",
    "a repr that leaves": "class C:\n    def __repr__(self): raise SystemExit(0)\nC()",
    "a repr with surrogates": "class C:\n    def __repr__(self): return '\\ud800\\x00'\nC()",
    "an error whose text raises": "class E(Exception):\n    def __str__(self): raise ValueError('x')\nraise E()",
    "an error of a long text": "raise ValueError('x' * 100_000)",
    "an error of a long line": "raise ValueError('x' * 100_000 + '\\n' * 1000)",
    "an error of a strange name": "raise type('x' * 1000, (Exception,), {})()",
    "a class that lies": "class C:\n    __class__ = property(lambda self: 1 / 0)\nC()",
    "attributes that raise": "class C:\n    def __getattribute__(self, name): raise ValueError('x')\nC()",
    "no streams": "import sys\nsys.stdout = sys.stderr = None",
    "closed streams": "import sys, io\nsys.stdout = io.StringIO()\nsys.stdout.close()",
    "another folder": "import os\nos.mkdir('elsewhere'); os.chdir('elsewhere')",
    "files without end": "for n in range(1500): open(f'f{n}', 'w').close()",
    "a file whose name is no text": "open(b'\\xff\\xfe', 'w').close()",
    "values without end": "for n in range(300): display(n)",
}
MEND = "import sys\nsys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__\n"


@pytest.mark.parametrize("what", HOSTILE)
def test_a_report_of_its_form_is_written_after(what: str, interpreter: Interpreter, tmp_path: Path) -> None:
    interpreter.run(tmp_path, HOSTILE[what])
    interpreter.run(tmp_path, MEND)
    assert interpreter.run(tmp_path, "6 * 7").text == "42"


def test_a_program_that_goes_to_another_folder_is_followed(interpreter: Interpreter, tmp_path: Path) -> None:
    """As in a notebook it stays there; its files are still told by their path in the working directory."""
    code = "import os\nos.mkdir('elsewhere')\nos.chdir('elsewhere')\nopen('f', 'w').close()"
    assert interpreter.run(tmp_path, code).files == {"elsewhere/f": "created"}


def test_a_file_whose_name_is_no_text_costs_nothing_but_itself(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "open(b'\\xff', 'w').close(); open('good', 'w').close(); 7")
    assert ran.text == "7"
    assert "good" in ran.files


def test_no_more_outputs_are_kept_than_allowed(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "for n in range(300): display(n)")
    assert len(ran.report["outputs"]) == 200
    assert ran.report["truncated"] is True


def test_a_text_without_end_is_cut(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "'x' * 10_000_000")
    assert ran.text is not None
    assert len(ran.text) <= 500_000
    assert ran.report["truncated"] is True


@pytest.mark.parametrize(
    ("code", "column"),
    [("x = = 1", 5), ("if True:\n  f(]", 5), ("1 / 0", None), ("int('x')", None)],
)
def test_a_syntax_error_names_its_column(
    code: str, column: int | None, interpreter: Interpreter, tmp_path: Path
) -> None:
    assert interpreter.run(tmp_path, code).error["column"] == column


def test_warnings_are_told_apart_and_still_printed(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = interpreter.run(tmp_path, "import warnings\n\nwarnings.warn('careful')\nprint('on')")
    assert ran.report["warnings"] == [{"name": "UserWarning", "value": "careful", "line": 3}]
    assert "careful" in ran.stderr
    again = interpreter.run(tmp_path, "import warnings\n\nwarnings.warn('careful')")
    assert len(again.report["warnings"]) == 1
    held = "import warnings\nwith warnings.catch_warnings(record=True) as held:\n    warnings.warn('x')\nlen(held)"
    ran = interpreter.run(tmp_path, held)
    assert (ran.text, ran.report["warnings"]) == ("1", [])


def test_an_error_of_awaited_code_is_told_where_a_loop_runs_already(
    interpreters: Callable[[str], Interpreter], tmp_path: Path
) -> None:
    """As in a kernel, whose thread has one."""
    loop = (
        "import asyncio\nasync def f():\n    1 / 0\n"
        "import sys\nevaluate = next(m for n, m in sys.modules.items() if n.endswith('.program')).evaluate\n"
        "async def kernel():\n    flags = __import__('ast').PyCF_ALLOW_TOP_LEVEL_AWAIT\n"
        "    evaluate(compile('await f()', 'x', 'eval', flags=flags), globals())\nasyncio.run(kernel())"
    )
    assert interpreters("bare").run(tmp_path, loop).error["name"] == "ZeroDivisionError"


def test_turns_between_the_streams_are_marked_so_often_and_no_more(interpreter: Interpreter, tmp_path: Path) -> None:
    code = "import sys\nfor n in range(1000):\n    print('o', end='')\n    print('e', end='', file=sys.stderr)"
    ran = interpreter.run(tmp_path, code, nonce="n0nce")
    for text, letter in ((ran.stdout, "o"), (ran.stderr, "e")):
        assert text.count("[[aci:n0nce:turn:") == 500
        assert text.count(f"]]{letter}") >= 250
    assert "turn" not in interpreter.run(tmp_path, code).stdout
