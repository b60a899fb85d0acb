"""What is printed, by whatever way, and questions."""

from . import Case

CASES = {
    "both": Case("import sys\nprint('o')\nprint('e', file=sys.stderr)", stdout="o\n", stderr="e\n"),
    "in turns": Case(
        "import sys\nfor n in range(3):\n    print('o', n)\n    print('e', n, file=sys.stderr)\ndisplay(1)\nprint('e', file=sys.stderr)",
        order=["o 0\n", "!e 0\n", "o 1\n", "!e 1\n", "o 2\n", "!e 2\n", "<0>", "!e\n"],
    ),
    "many turns": Case(
        "import sys\nfor n in range(200):\n    print('o', n)\n    print('e', n, file=sys.stderr)",
        order=[text for n in range(200) for text in (f"o {n}\n", f"!e {n}\n")],
    ),
    "to both with one closed": Case(
        "import io, sys\nsys.stderr.close()\nprint('a')\nsys.stderr = io.open(2, 'w', closefd=False)\nprint('c', file=sys.stderr)",
        stdout="a\n",
        stderr="c\n",
    ),
    "raw": Case("import os\nos.write(1, b'raw\\n')\nos.write(2, b'err\\n');", stdout="raw\n", stderr="err\n"),
    "of a child": Case("import subprocess\nsubprocess.run(['echo', 'child']);", stdout="child\n"),
    "no newline": Case("print('a', end='')", stdout="a"),
    "a carriage return": Case("print('10%\\r20%\\r', end='')", stdout="10%\r20%\r"),
    "colours": Case("print('\\x1b[31mred\\x1b[0m')", stdout="\x1b[31mred\x1b[0m\n"),
    "bytes that are no text": Case("import os\nos.write(1, b'\\xff\\xfe\\n');", stdout="\\xff\\xfe\n"),
    "what looks like a mark": Case(
        "print('[[aci:0123456789abcdef:output:0:5]]hello')", stdout="[[aci:0123456789abcdef:output:0:5]]hello\n"
    ),
    "the beginning of one": Case("print('[[aci:', end='')", stdout="[[aci:"),
    "lines": Case("for n in range(2000): print(n)"),
    "a long line": Case("print('x' * 100_000)", stdout="x" * 100_000 + "\n"),
    "closed": Case("import sys\nprint('a')\nsys.stdout.close()\n1", stdout="a\n", text="1", shows=["text"]),
    "and open again": Case("print('b')", stdout="b\n"),
    "taken away": Case("import sys\nsys.stdout = None\ndisplay(1)\nsys.stdout = sys.__stdout__", shows=["text"]),
    "a thread": Case(
        "import threading\nt = threading.Thread(target=print, args=['t'])\nt.start(); t.join()", stdout="t\n"
    ),
    "a progress bar": Case(
        "from tqdm import tqdm\nfor n in tqdm(range(3), desc='work', bar_format='{l_bar}{bar}| {n_fmt}/{total_fmt}'): pass\nprint('done')",
        stdout="done\n",
    ),
    "logged": Case("import logging\nlogging.warning('w')", stderr="WARNING:root:w\n"),
    "asked": Case("input('name? ') + input()", inputs=["a", "b"], text="'ab'", stdout="name? a\nb\n"),
    "asked for a secret": Case("import getpass\ngetpass.getpass('secret? ')", inputs=["s"], text="'s'"),
    "asked too often": Case("input('one? ')\ninput('two? ')", inputs=["1"], error=("EOFError", 2), says=["two?"]),
    "asked without any": Case("input('why? ')", error=("EOFError", 1), says=["why?"]),
}
