"""Last values, display(), and how values offer themselves."""

from . import Case

RICH = "class Rich:\n    def _repr_{0}_(self): return {1!r}\n"

CASES = {
    "a number": Case("6 * 7", text="42", shows=["text"]),
    "a text": Case("'héllo \\u2028 \\x00'", text="'héllo \\u2028 \\x00'"),
    "an astral letter": Case("print('😀'); '😀'", text="'😀'", stdout="😀\n"),
    "nothing": Case("None", shows=[]),
    "a statement": Case("x = 1", shows=[]),
    "silenced": Case("42;", shows=[]),
    "a call": Case("print('out'); 1", text="1", stdout="out\n", shows=["text"]),
    "the value before": Case("5\n", text="5"),
    "and on with it": Case("_ + 1", text="6"),
    "a long list": Case("list(range(5000))[:3]", text="[0, 1, 2]"),
    "a long text": Case("'x' * 600_000", shows=["text"]),
    "awaited": Case("import asyncio\nasync def f(): return 3\nawait f()", text="3"),
    "awaited and printed": Case(
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    print('in')\nawait f()", stdout="in\n"
    ),
    "a magic": Case("files = !echo hello\nfiles[0]", text="'hello'"),
    "shown between prints": Case(
        "print('a')\ndisplay(1)\nprint('b')\ndisplay(2)\n3",
        stdout="a\nb\n",
        shows=["text", "text", "text"],
        order=["a\n", "<0>", "b\n", "<1>", "<2>"],
    ),
    "shown in the middle of a line": Case(
        "print('a', end='')\ndisplay(1)\nprint('b')", stdout="ab\n", order=["a", "<0>", "b\n"]
    ),
    "shown while stdout goes elsewhere": Case(
        "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as held:\n    print('x'); display(1)\n"
        "held.getvalue()",
        stdout="",
        text="'x\\n'",
        shows=["text", "text"],
    ),
    "several at once": Case("display(1, 'two')", shows=["text", "text"]),
    "html": Case(RICH.format("html", "<b>x</b>") + "Rich()", shows=["html text"], holds={"html": "<b>x</b>"}),
    "markdown": Case(RICH.format("markdown", "**x**") + "Rich()", shows=["markdown text"]),
    "latex": Case(RICH.format("latex", "$x^2$") + "Rich()", shows=["latex text"]),
    "svg": Case(RICH.format("svg", "<svg xmlns='http://www.w3.org/2000/svg'/>") + "Rich()", shows=["svg text"]),
    "json": Case(RICH.format("json", {"a": [1]}) + "Rich()", shows=["json text"]),
    "a bundle": Case(
        "class Rich:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/html': '<i>x</i>', 'text/plain': 'x'}\nRich()",
        shows=["html text"],
    ),
    "of IPython": Case(
        "from IPython.display import HTML, JSON, Latex, Markdown, SVG, display\n"
        "display(HTML('<b>x</b>'))\ndisplay(Markdown('# x'))\ndisplay(Latex('$x$'))\ndisplay(JSON({'a': 1}))\n"
        "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>')",
        shows=["html", "markdown", "latex", "json", "svg"],
    ),
    "sympy": Case("import sympy\nsympy.sqrt(sympy.Symbol('x'))", shows=["latex text"]),
    "replaced": Case(
        "from IPython.display import display, update_display\n"
        "display('first', display_id='one')\ndisplay('other')\nupdate_display('second', display_id='one')",
        shows=["text", "text"],
        holds={"text": "second"},
    ),
    "taken away": Case(
        "from IPython.display import clear_output, display\n"
        "for n in range(3):\n    clear_output(wait=True)\n    display(n)\n",
        shows=["text"],
        holds={"text": "2"},
    ),
    "too many": Case("for n in range(250): display(n)", shows=["text"] * 200),
    "a repr that raises": Case("class C:\n    def __repr__(self): 1 / 0\nC()"),
    "an html that raises": Case("class C:\n    def _repr_html_(self): 1 / 0\nC()", shows=["text"]),
    "deep json": Case(
        "deep = []\nfor _ in range(500): deep = [deep]\n" + RICH.format("json", 0).replace("0", "deep") + "Rich()"
    ),
    "json that is none": Case(RICH.format("json", 0).replace("0", "{'a': object(), 'b': float('nan')}") + "Rich()"),
    "in a forked child": Case(
        "import os\nif (child := os.fork()) == 0:\n    display('child')\nelse:\n    os.waitpid(child, 0)\n"
        "display('parent')\nif child == 0: os._exit(0)",
        shows=["text"],
        holds={"text": "parent"},
    ),
}
