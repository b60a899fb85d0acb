"""What goes wrong, told in the user's own lines."""

from . import Case

CASES = {
    "raised": Case("print('before')\n1 / 0", stdout="before\n", error=("ZeroDivisionError", 2), says=["1 / 0"]),
    "in a function": Case(
        "def half(n):\n    return n / 0\n\nhalf(1)", error=("ZeroDivisionError", 2), says=["half(1)"]
    ),
    "in a function of before": Case("half(2)", error=("ZeroDivisionError", 1), says=["return n / 0", "half(2)"]),
    "a syntax error": Case("print('no')\nx = = 1", stdout="", error=("SyntaxError", 2), says=["x = = 1"]),
    "never closed": Case("f(\n", error=("SyntaxError", 1)),
    "wrongly indented": Case("if True:\nx = 1", error=("IndentationError", 2)),
    "a return outside": Case("return 1", error=("SyntaxError", 1)),
    "chained": Case(
        "try:\n    {}['k']\nexcept KeyError as error:\n    raise RuntimeError('r') from error",
        error=("RuntimeError", 4),
        says=["KeyError: 'k'", "direct cause"],
    ),
    "while handling": Case(
        "try:\n    {}['k']\nexcept KeyError:\n    int('x')",
        error=("ValueError", 4),
        says=["another exception occurred"],
    ),
    "a group": Case(
        "raise ExceptionGroup('both', [ValueError('v'), TypeError('t')])",
        error=("ExceptionGroup", 1),
        says=["ValueError: v", "TypeError: t"],
    ),
    "with a note": Case(
        "error = ValueError('v')\nerror.add_note('look here')\nraise error", error=("ValueError", 3), says=["look here"]
    ),
    "inside a package": Case(
        "import pandas as pd\npd.DataFrame({'a': [1]})['b']", error=("KeyError", 2), says=["['b']", "KeyError: 'b'"]
    ),
    "in a file of the user's": Case(
        "import mine\nmine.f()",
        files={"mine.py": "def f():\n    1 / 0\n"},
        error=("ZeroDivisionError", 2),
        says=["in f"],
    ),
    "without words": Case("class E(Exception):\n    def __str__(self): 1 / 0\nraise E()", error=("E", 3)),
    "with very many": Case("raise ValueError('x' * 100_000)", error=("ValueError", 1)),
    "endless recursion": Case("def f(): f()\nf()", error=("RecursionError", 1)),
    "left well": Case("import sys\nprint('a')\nsys.exit()\nprint('b')", stdout="a\n"),
    "left with a number": Case("import sys\nsys.exit(3)", error=("SystemExit", 2)),
    "left with words": Case("raise SystemExit('no')", error=("SystemExit", 1), says=["no"]),
    "interrupted by itself": Case("raise KeyboardInterrupt", error=("KeyboardInterrupt", 1)),
    "awaited": Case("async def f():\n    1 / 0\nawait f()", error=("ZeroDivisionError", 2)),
    "asserted": Case("assert 1 == 2, 'not so'", error=("AssertionError", 1), says=["not so"]),
    "warned": Case("import warnings\nwarnings.warn('careful')\n1", text="1"),
    "warned by a package": Case("import numpy as np\nnp.log(-1.0)"),
    "a surrogate": Case("raise ValueError('\\ud800')", error=("ValueError", 1)),
    "a name that is none": Case("nowhere", error=("NameError", 1), says=["nowhere"]),
    "what is left is sound": Case("6 * 7", text="42"),
}
