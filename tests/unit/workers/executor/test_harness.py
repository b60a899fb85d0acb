"""The harness, run for real: in the sandbox's Python with and without IPython's shell, and in a bare one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workers.executor.report import Report
from workers.executor.shipping import harness

ROOT = Path(__file__).resolve().parents[4]
SANDBOX_PYTHON = ROOT / ".venv-sandbox" / "bin" / "python"
CHART = "application/vnd.aci.chart+json"
PNG = b"\x89PNG\r\n\x1a\n"

DRIVER = """
import importlib, os, sys
asked, answer = os.fdopen({asked}), os.fdopen({answer}, "w")
sys.path.insert(0, {zip!r})
harness = importlib.import_module({module!r})
if {shell}:
    import builtins
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    builtins.get_ipython = lambda: shell
def work():
    for line in asked:
        folder, _, request = line.rstrip().partition("|")
        os.chdir(folder)
        harness.home.WORK = folder  # one interpreter for many tests, each with a folder of its own
        for number, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, number)
            os.close(file)
        harness.run(request)
        print("done", file=answer, flush=True)
work()
"""
"""Stands for the sandbox: one interpreter that runs program after program. Requests come over pipes of its own."""


@dataclass
class Ran:
    """One run: its report, held to the form that the executor reads, and what was printed."""

    report: dict[str, Any]
    stdout: str
    stderr: str
    folder: Path

    @property
    def error(self) -> dict[str, Any]:
        assert self.report["exit"] == "error"
        error: dict[str, Any] = self.report["error"]
        return error

    @property
    def text(self) -> str | None:
        assert self.report["exit"] == "ok", self.report["error"]
        text: str | None = self.report["text"]
        return text

    @property
    def files(self) -> dict[str, str]:
        own = ("stdout", "stderr")
        return {file["path"]: file["change"] for file in self.report["files"] if file["path"] not in own}

    def picture(self, output: dict[str, Any]) -> bytes:
        return (self.folder / output["image/png"]["file"]).read_bytes()


@dataclass
class Interpreter:
    """A Python that lives from run to run."""

    python: Path
    shell: bool
    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        asked_from, asked_to = os.pipe()
        answer_from, answer_to = os.pipe()
        sent = self.folder / harness().file
        sent.write_bytes(harness().content)
        code = DRIVER.format(
            asked=asked_from, answer=answer_to, zip=str(sent), module=harness().module, shell=self.shell
        )
        self.process = subprocess.Popen(
            [self.python, "-c", code],
            pass_fds=(asked_from, answer_to),
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "MPLCONFIGDIR": "/tmp"},
        )
        os.close(asked_from)
        os.close(answer_to)
        self.asked, self.answer = os.fdopen(asked_to, "w"), os.fdopen(answer_from)

    def run(self, folder: Path, code: str, inputs: list[str] | None = None, nonce: str = "") -> Ran:
        self.count += 1
        own = folder / ".aci" / f"run-{self.count}"
        request = json.dumps({"id": own.name, "code": code, "inputs": inputs, "nonce": nonce})
        for name in ("stdout", "stderr"):
            (folder / name).write_text("")
        print(f"{folder}|{request}", file=self.asked, flush=True)
        assert self.answer.readline() == "done\n", "the interpreter ended"
        content = (own / "report.json").read_bytes()
        Report.model_validate_json(content)
        printed = [(folder / name).read_text() for name in ("stdout", "stderr")]
        return Ran(json.loads(content), *printed, own)

    def close(self) -> None:
        self.asked.close()
        self.process.wait(20)
        self.answer.close()


def interpreter_of(kind: str, folder: Path) -> Interpreter:
    if kind == "bare":
        return Interpreter(Path(sys.executable), shell=False, folder=folder)
    assert SANDBOX_PYTHON.exists(), "the sandbox's environment is missing: make test builds it"
    return Interpreter(SANDBOX_PYTHON, shell=kind == "shell", folder=folder)


@pytest.fixture(scope="module", params=["bare", "packages", "shell"])
def interpreter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    started = interpreter_of(request.param, tmp_path_factory.mktemp("harness"))
    yield started
    started.close()


@pytest.fixture(scope="module", params=["packages", "shell"])
def rich(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    """With pandas and matplotlib."""
    started = interpreter_of(request.param, tmp_path_factory.mktemp("harness"))
    yield started
    started.close()


# --- everywhere -------------------------------------------------------------------------------------------


def test_the_bare_interpreter_is_bare(tmp_path: Path) -> None:
    """Else the tests below would not tell the difference."""
    started = interpreter_of("bare", tmp_path)
    try:
        for name in ("IPython", "pandas", "matplotlib"):
            assert started.run(tmp_path, f"import {name}").error["name"] == "ModuleNotFoundError"
    finally:
        started.close()


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


# --- with the packages --------------------------------------------------------------------------------------


def test_every_open_figure_is_drawn_in_the_order_of_their_making(rich: Interpreter, tmp_path: Path) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\nplt.plot([3, 1])\nempty = plt.figure()"
    ran = rich.run(tmp_path, code)
    pictures = [ran.picture(output) for output in ran.report["outputs"]]
    assert len(pictures) == 2  # an empty figure is no picture
    assert all(picture.startswith(PNG) for picture in pictures)
    assert pictures[0] != pictures[1]
    assert rich.run(tmp_path, "plt.get_fignums()").text == "[]"


def test_show_draws_where_it_stands(rich: Interpreter, tmp_path: Path) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\ndisplay('after')\nplt.plot([1])\nplt.show()"
    kinds = [set(output) & {"image/png"} for output in rich.run(tmp_path, code).report["outputs"]]
    assert kinds == [{"image/png"}, set(), {"image/png"}]


def test_what_drawing_functions_return_is_not_shown(rich: Interpreter, tmp_path: Path) -> None:
    for last in ("plt.plot([1, 2])", "plt.hist([1, 2])[2]", "plt.subplots(2, 2)[1]", "plt.gca()"):
        ran = rich.run(tmp_path, f"import matplotlib.pyplot as plt\nplt.plot([1])\n{last}")
        assert ran.text is None, last
        assert all("image/png" in output for output in ran.report["outputs"])


def test_a_figure_as_the_last_value_is_drawn_once(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\nfig")
    assert sum("image/png" in output for output in ran.report["outputs"]) == 1


def test_figures_are_kept_when_the_program_raises_after_drawing(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "import matplotlib.pyplot as plt\nplt.plot([1])\n1 / 0")
    assert ran.error["name"] == "ZeroDivisionError"
    assert [set(output) for output in ran.report["outputs"]] == [{"image/png", "text/plain", CHART}]


def test_a_table_is_data_markup_and_text(rich: Interpreter, tmp_path: Path) -> None:
    code = "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['<x>', None]})"
    ran = rich.run(tmp_path, code)
    [table] = ran.report["outputs"]
    resource = table["application/vnd.dataresource+json"]
    assert [field["name"] for field in resource["schema"]["fields"]] == ["index", "a", "b"]
    assert [row["a"] for row in resource["data"]] == [1, 2]
    assert (resource["rows"], resource["columns"]) == (2, 2)
    assert "&lt;x&gt;" in table["text/html"]
    assert "<x>" not in table["text/html"]
    assert table["text/plain"] == ran.text


def test_of_a_long_table_only_the_beginning_is_kept(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "import pandas as pd, numpy as np\npd.DataFrame(np.zeros((100_000, 80)))")
    resource = ran.report["outputs"][0]["application/vnd.dataresource+json"]
    assert (len(resource["data"]), resource["rows"], resource["columns"]) == (100, 100_000, 80)
    assert len(resource["data"][0]) == 61


@pytest.mark.parametrize(
    "frame",
    [
        "pd.DataFrame([[1, 2]], columns=['a', 'a'])",
        "pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([('a', 1), ('a', 2)]))",
        "pd.DataFrame({'a': [1]}).rename_axis('a')",
        "pd.DataFrame({'a': [object()], 'b': [pd.Timestamp('2024-01-01', tz='UTC')], 'c': [1 + 2j]})",
        "pd.DataFrame({'a': [float('inf'), float('nan')]})",
        "pd.DataFrame()",
        "pd.DataFrame({'a': [1, 2]}, index=[1, 1])",
        "pd.Series([1, 2], name='s')",
        "pd.Series([1, 2])",
        "pd.DataFrame({1: [1]})",
        "pd.DataFrame({'a': pd.period_range('2024', periods=2)})",
        "pd.DataFrame({'a': [1, 1, 2], 'b': [1, 2, 3]}).groupby('a').sum()",
        "pd.DataFrame({'a': ['x', 'y'], 'b': [1, 2]}).pivot_table(index='a', aggfunc=['sum', 'mean'])",
        "pd.DataFrame({'level_0': [1]}, index=pd.MultiIndex.from_tuples([(1, 2)]))",
    ],
)
def test_a_table_of_any_make_is_shown(frame: str, rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, f"import pandas as pd\n{frame}")
    assert ran.text is not None
    assert "<table" in ran.report["outputs"][0]["text/html"]


def test_pictures_of_other_makes_are_pictures(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "from PIL import Image\nImage.new('RGB', (2, 2))")
    assert ran.picture(ran.report["outputs"][0]).startswith(PNG)


def test_display_of_ipython_and_magics_are_understood(tmp_path: Path) -> None:
    shell = interpreter_of("shell", tmp_path)
    try:
        ran = shell.run(
            tmp_path, "from IPython.display import HTML, Image, display\ndisplay(HTML('<b>x</b>'))\nHTML('<i>y</i>')"
        )
        assert [output["text/html"] for output in ran.report["outputs"]] == ["<b>x</b>", "<i>y</i>"]
        ran = shell.run(tmp_path, "import pandas\ndisplay(pandas.DataFrame({'a': [1]}))")
        assert "application/vnd.dataresource+json" in ran.report["outputs"][0]
        assert shell.run(tmp_path, "%time 1 + 1").report["exit"] == "ok"
        assert shell.run(tmp_path, "files = !echo hello\nfiles[0]").text == "'hello'"
    finally:
        shell.close()


# --- more of what only shows from inside ----------------------------------------------------------------------


def test_of_a_frame_of_any_length_only_the_rows_that_are_shown_are_touched(rich: Interpreter, tmp_path: Path) -> None:
    code = """
import pandas as pd
class Counted:
    touched = 0
    def __repr__(self):
        Counted.touched += 1
        return "x"
    __str__ = __repr__
def touched(rows):
    Counted.touched = 0
    display(pd.DataFrame({"a": [Counted()] * rows}))
    return Counted.touched
touched(1000), touched(1_000_000)"""
    few, many = json.loads((rich.run(tmp_path, code).text or "").replace("(", "[").replace(")", "]"))
    assert few == many < 1000


def test_a_frame_of_ten_million_rows_takes_no_more_memory_than_a_short_one(rich: Interpreter, tmp_path: Path) -> None:
    code = """
import numpy as np, pandas as pd, tracemalloc
def peak(rows):
    frame = pd.DataFrame({"a": np.zeros(rows), "b": np.arange(rows)})
    tracemalloc.start()
    display(frame)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most
peak(1000)
peak(10_000_000) / peak(1000)"""
    ran = rich.run(tmp_path, code)
    assert float(ran.text or "inf") < 1.5
    assert ran.report["outputs"][1]["application/vnd.dataresource+json"]["rows"] == 10_000_000


def test_frames_of_polars_are_tables_by_what_they_offer(interpreter: Interpreter, tmp_path: Path) -> None:
    """A stand-in with the few things of polars that are used: the package itself takes more memory than a small
    sandbox gives.
    """
    code = """
import sys, types
class Series:
    def __init__(self, name, values, dtype): self.name, self.values, self.dtype = name, values, dtype
    def __getitem__(self, part): return Series(self.name, self.values[part], self.dtype)
    def __iter__(self): return iter(self.values)
    def to_frame(self): return DataFrame([self])
class DataFrame:
    def __init__(self, series): self.series = series
    columns = property(lambda self: [each.name for each in self.series])
    width = property(lambda self: len(self.series))
    height = property(lambda self: len(self.series[0].values))
    def __getitem__(self, part):
        if isinstance(part, str):
            return next(each for each in self.series if each.name == part)
        return DataFrame([each[part[0]] for each in self.series[part[1]]])
    def __repr__(self): return "shape"
polars = sys.modules["polars"] = types.ModuleType("polars")
polars.DataFrame, polars.Series = DataFrame, Series
display(DataFrame([Series("a", list(range(500)), "Int64"), Series("b", ["<x>"] * 500, "String")]))
display(Series("s", [1.5, None], "Float64"))
del sys.modules["polars"]"""
    frame, series = (output for output in interpreter.run(tmp_path, code).report["outputs"])
    resource = frame["application/vnd.dataresource+json"]
    assert resource["schema"]["fields"] == [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]
    assert (resource["rows"], len(resource["data"]), resource["data"][1]) == (500, 100, {"a": 1, "b": "<x>"})
    assert "&lt;x&gt;" in frame["text/html"]
    assert series["application/vnd.dataresource+json"]["data"] == [{"s": 1.5}, {"s": None}]


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


def test_an_error_of_awaited_code_is_told_where_a_loop_runs_already(tmp_path: Path) -> None:
    """As in a kernel, whose thread has one."""
    started = interpreter_of("bare", tmp_path)
    loop = (
        "import asyncio\nasync def f():\n    1 / 0\n"
        "import sys\nevaluate = next(m for n, m in sys.modules.items() if n.endswith('.program')).evaluate\n"
        "async def kernel():\n    flags = __import__('ast').PyCF_ALLOW_TOP_LEVEL_AWAIT\n"
        "    evaluate(compile('await f()', 'x', 'eval', flags=flags), globals())\nasyncio.run(kernel())"
    )
    try:
        assert started.run(tmp_path, loop).error["name"] == "ZeroDivisionError"
    finally:
        started.close()


def test_turns_between_the_streams_are_marked_so_often_and_no_more(interpreter: Interpreter, tmp_path: Path) -> None:
    code = "import sys\nfor n in range(1000):\n    print('o', end='')\n    print('e', end='', file=sys.stderr)"
    ran = interpreter.run(tmp_path, code, nonce="n0nce")
    for text, letter in ((ran.stdout, "o"), (ran.stderr, "e")):
        assert text.count("[[aci:n0nce:turn:") == 500
        assert text.count(f"]]{letter}") >= 250
    assert "turn" not in interpreter.run(tmp_path, code).stdout
