"""What a session is to Python code: IPython's semantics, tracebacks of the user's lines, an end that ends it all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_server import Server, Session, poll_until, running, runs


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that has the data packages in store."""
    with running(SANDBOX_PRELOAD="true") as started:
        yield started


@pytest.fixture(scope="module")
def notebook(server: Server) -> Iterator[Session]:
    """One session for all that clearing its context makes as new."""
    started = Session.start(server.client())
    yield started
    started.stop()


# Each with what it must print, and nothing else on stderr.
CELLS = {
    "the last value is shown": ("1\n2", "2"),
    "a semicolon hides it": ("2;", ""),
    "a semicolon in a comment does not": ("2 # ;", "2"),
    "None is not shown": ("None", ""),
    "an assignment is not shown": ("x = 3", ""),
    "underscore is the last value": ("41\n_ + 1", "NameError"),
    "display shows at once": ("display(1); print(2); 3", "1\n2\n3"),
    "a table is text": ("import pandas; pandas.DataFrame({'a': [1]})", "   a\n0  1"),
    "await at the top": ("import asyncio\nawait asyncio.sleep(0, 'slept')", "'slept'"),
    "async for at the top": (
        "async def numbers():\n    yield 1\n    yield 2\nasync for n in numbers():\n    print(n)",
        "1\n2",
    ),
    "async with at the top": ("import asyncio\nasync with asyncio.timeout(5):\n    print('in')", "in"),
    "gather at the top": ("import asyncio\nawait asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2))", "[1, 2]"),
    "!command": ("!echo hi", "hi"),
    "!command into a name": ("lines = !printf 'a\\nb'\nlist(lines)", "['a', 'b']"),
    "%%bash": ("%%bash\necho $((6 * 7))", "42"),
    "%%sh": ("%%sh\necho sh", "sh"),
    "%%writefile": ("%%writefile made.txt\nhello", "Writing made.txt"),
    "%%capture": ("%%capture kept\nprint('hidden')", ""),
    "%%time": ("%%time\nprint('timed')", "timed"),
    "%timeit": ("%timeit -n1 -r1 pass", "1 run, 1 loop each"),
    "%%timeit": ("%%timeit -n1 -r1\npass", "1 run, 1 loop each"),
    "%pwd": ("%pwd", "'/session'"),
    "%cd": ("%cd -q /\n%pwd", "'/'"),
    "%env": ("%env ADDED=1\nimport os; os.environ['ADDED']", "'1'"),
    "%who": ("x = 1\n%who", "x"),
    "%run": ("open('s.py', 'w').write('value = 5')\n%run s.py\nvalue", "5"),
    "a module of one's own leaves nothing beside it": (
        "open('own.py', 'w').close()\nimport os, own; os.path.exists('__pycache__')",
        "False",
    ),
    "%load_ext": ("%load_ext autoreload\n%autoreload 2", ""),
    "%matplotlib inline": ("%matplotlib inline\nprint('plots')", "plots"),
    "a figure needs no screen": (
        "import matplotlib.pyplot as p; p.plot([1]); p.savefig('f.png'); p.get_backend()",
        "'agg'",
    ),
    "%pip needs the network": ("%pip --version", "pip"),
    "%lsmagic": ("%lsmagic", "%timeit"),
    "question mark": ("len?", "Return the number of items"),
    "get_ipython": ("get_ipython().__class__.__name__", "'SessionShell'"),
    "__name__": ("__name__", "'__main__'"),
    "In and Out": ("7\nlen(In) > 0", "True"),
    "a class pickles": ("class A: pass\nimport pickle; type(pickle.loads(pickle.dumps(A()))).__name__", "'A'"),
    "processes of a pool": (
        "from multiprocessing import Pool\nwith Pool(2) as p: print(p.map(abs, [-1, -2]))",
        "[1, 2]",
    ),
    "input has nobody to answer": ("input()", "EOFError"),
    "warnings go to stderr": ("import warnings; warnings.warn('careful')", ""),
    "unicode": ("print('é 漢 🎉'); 'é'", "é 漢 🎉\n'é'"),
}


LASTING = ("%cd", "%load_ext", "%matplotlib inline")
"""Those that change more of their session than its variables."""


@pytest.mark.parametrize("name", CELLS)
def test_cells_do_as_in_a_notebook(request: pytest.FixtureRequest, name: str) -> None:
    session: Session = request.getfixturevalue("session" if name in LASTING else "notebook")
    code, printed = CELLS[name]
    outcome = session.run(code, clearContext=True)
    assert printed in outcome.stdout + outcome.stderr, outcome
    if printed == "":
        assert outcome.stdout == "" and outcome.exit_code == 0


def test_the_last_value_is_kept_from_cell_to_cell(session: Session) -> None:
    session.run("41")
    assert session.out("_ + 1") == "42"


@pytest.mark.parametrize(
    ("code", "exit_code", "stderr"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no more')", 1, "no more\n"),
        ("exit()", 0, ""),
        ("quit()", 0, ""),
        ("raise SystemExit(300)", 300 & 0xFF, ""),
    ],
)
def test_an_exit_ends_the_run_and_not_the_session(notebook: Session, code: str, exit_code: int, stderr: str) -> None:
    outcome = notebook.run(f"x = 1\n{code}\nx = 2", clearContext=True)
    assert (outcome.exit_code, outcome.stderr, outcome.limit) == (exit_code, stderr, None)
    assert notebook.out("x") == "1"


RAISES = {
    "in a function": "def f():\n    return 1 / 0\nf()",
    "in a package": "import pandas\nframe = pandas.DataFrame({'a': [1]})\nframe['b']",
    "from a cause": "try:\n    import json; json.loads('{')\nexcept ValueError as e:\n    raise OSError('bad') from e",
    "in a callback of a package": "import pandas\npandas.Series([1]).apply(lambda x: {}['gone'])",
    "a group": "raise ExceptionGroup('several', [ValueError('one'), TypeError('two')])",
    "a mistake in its grammar": "def f(:\n    pass",
    "a mistake in a file's grammar": "open('m.py', 'w').write('def f(:')\nimport m",
    "a file that is not there": "open('nothing')",
    "in a thread": "import threading, json\nt = threading.Thread(target=json.loads, args=('{',))\nt.start()\nt.join()",
    "too deep": "def f(n):\n    return f(n + 1)\nf(0)",
    "awaited": "import asyncio\nasync def f():\n    raise OSError('late')\nawait asyncio.wait_for(f(), 5)",
}


@pytest.mark.parametrize("name", RAISES)
def test_tracebacks_show_the_users_lines_alone(notebook: Session, name: str) -> None:
    outcome = notebook.run(RAISES[name], clearContext=True)
    assert "Error" in outcome.stderr or "several" in outcome.stderr, outcome
    for foreign in ("site-packages", "/lib/python", "sandbox/inside", ".venv", "_on_interrupt"):
        assert foreign not in outcome.stderr, outcome


def test_a_traceback_names_the_line_of_the_cell_and_of_the_users_files(session: Session) -> None:
    session.call(
        "writeFiles", content=[{"path": "own.py", "text": "def f():\n    raise ValueError('from the file')\n"}]
    )
    stderr = session.run("import own\n\nown.f()").stderr
    assert "own.f()" in stderr and "~/own.py:2" in stderr and "raise ValueError('from the file')" in stderr


def test_an_error_of_a_package_keeps_its_message(session: Session) -> None:
    stderr = session.run("import pandas\npandas.DataFrame({'a': [1]})['b']").stderr
    assert "KeyError: 'b'" in stderr and "pandas.DataFrame({'a': [1]})['b']" in stderr


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import time; time.sleep(1000)", "import subprocess; subprocess.run(['sleep', '1000'])"],
)
def test_what_is_interrupted_shows_no_line_of_the_servers(session: Session, code: str) -> None:
    outcome = session.run(f"x = 1\n{code}", wall="0.5")
    assert outcome.limit == "timeout" and "KeyboardInterrupt" in outcome.stderr
    assert "_on_interrupt" not in outcome.stderr and "runner.py" not in outcome.stderr


def test_processes_end_with_the_run_that_started_them(server: Server, session: Session) -> None:
    outcome = session.run(
        "from subprocess import Popen\np = Popen(['sleep', '345678']); q = Popen(['setsid', 'sleep', '345678']);"
    )
    assert outcome.exit_code == 0
    poll_until(lambda: not runs(server, "345678"))
    assert session.out("p.wait() is not None") == "True"


def test_a_run_may_start_as_many_processes_as_the_one_before_it(session: Session) -> None:
    fill = """
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
        made += 1
except BlockingIOError:
    print(made)
"""
    assert session.out(fill) == session.out(fill)


def test_threads_of_the_users_code_end_with_its_run(session: Session) -> None:
    session.run("""
import threading, time
ticks = 0
def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.001)
thread = threading.Thread(target=tick)
thread.start();
""")
    assert session.out("thread.join(60); thread.is_alive()") == "False"


def test_a_pool_of_idle_threads_serves_the_next_run(session: Session) -> None:
    session.run(
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\nlist(pool.map(abs, [-1]));"
    )
    assert session.out("list(pool.map(abs, [-2, -3]))") == "[2, 3]"


LATE = """
import os, threading, time
def late():
    try:
        while True: time.sleep(0.001)
    finally:
        while not os.path.exists('go'): time.sleep(0.001)
        os.write(1, b'late')
        open('written', 'w').close()
threading.Thread(target=late).start()
"""


def test_what_a_thread_prints_after_its_run_is_not_taken_for_the_next_ones(session: Session) -> None:
    session.run(LATE)
    session.call("writeFiles", content=[{"path": "go", "text": ""}])
    session.wait_for("written")
    assert session.out("'mine'") == "'mine'"


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("import os; os.write(1, b'\\x00\\xff\\xfe')", "\x00\\xff\\xfe"),
        ("print('\\ud800')", "\\ud800"),
        ("import sys; sys.stdout.buffer.write('é'.encode('latin-1'))", "\\xe9"),
        ("!printf '\\303'", "\\xc3"),
        ("print('\\x1b[31mred')", "\x1b[31mred"),
    ],
)
def test_bytes_that_are_no_text_come_as_escapes(notebook: Session, code: str, seen: str) -> None:
    assert seen in notebook.run(code).stdout


def test_standard_streams_replaced_or_closed_do_not_hurt_the_next_run(session: Session) -> None:
    session.run("import sys; sys.stdout.close()")
    session.run("import sys; sys.stderr = None")
    assert session.run("print('here')").stdout == "here\n"
    assert "NameError" in session.run("nothing").stderr
    # What was put in their place on purpose stays there.
    session.run("import io; sys.stdout = own = io.StringIO()")
    assert session.run("print('kept')").stdout == ""
    assert session.out("sys.stdout = sys.__stdout__; own.getvalue()") == "'kept\\n'"


def test_a_random_number_is_another_in_each_session(server: Server) -> None:
    code = "import random, numpy, os\nfor drawn in random.random(), numpy.random.rand(), os.urandom(4): print(drawn)"
    drawn = []
    for _ in range(4):
        session = Session.start(server.client())
        drawn.append(session.out(code).splitlines())
        session.stop()
    assert [len(set(of_each)) for of_each in zip(*drawn, strict=True)] == [4, 4, 4]
