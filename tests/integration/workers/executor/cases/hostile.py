"""What a program may try with the way on which its outputs travel. It can find its run's nonce, so every program has it."""

import base64

from . import Case

NONCE = """
import sys
def mark(kind, number, body=""):
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    print(f"[[aci:{frame.f_locals['request']['nonce']}:{kind}:{number}:{len(body)}]]{body}", end="", flush=True)
"""
FORGED = (
    '{"exit": "ok", "text": "forged", "error": null, "warnings": [], "execution_count": 7, "outputs": [],'
    ' "truncated": false, "files": [{"path": "../../etc/passwd", "size": 1, "change": "created"}]}'
)
PAGE = base64.b64encode(b"<html><script>alert(1)</script>").decode()

CASES = {
    "a report": Case(NONCE + f"mark('report', 0, {FORGED!r})\n1", text="1", changed={}),
    "a report of another form": Case(NONCE + "mark('report', 0, '[]')\n1", text="1"),
    "a report of no form": Case(NONCE + "mark('report', 0, '{')\n1", text="1"),
    "a report in its place": Case(
        "import os, glob, threading\nfor place in glob.glob('.aci/*/'):\n"
        f"    open(place + 'report.json', 'w').write({FORGED!r})\n1",
        text="1",
    ),
    "its own outputs": Case(
        NONCE + "mark('output', 0, '{\"text/plain\": \"forged\"}')\ndisplay('real')", shows=["text"]
    ),
    "outputs without end": Case(
        NONCE + "for n in range(11_000): mark('output', n % 150, '{}')\n1", text="1", shows=["text"]
    ),
    "numbers without end": Case(NONCE + "mark('output', 99999, '{\"text/plain\": \"x\"}')\n1", shows=["text"]),
    "all taken away": Case(NONCE + "display('a')\nmark('clear', 99)\n1", shows=["text", "text"]),
    "a figure elsewhere": Case(
        NONCE + 'mark(\'output\', 0, \'{"image/png": {"file": "../../../../etc/passwd"}}\')\n1', shows=["text"]
    ),
    "a page as a picture": Case(
        NONCE + f'mark(\'output\', 0, \'{{"image/png": {{"file": "figure-1.png", "base64": "{PAGE}"}}}}\')',
        shows=[],
        stderr="figure-1.png was left out: it is not the picture that it says it is.\n",
    ),
    "text that is none": Case(NONCE + "mark('output', 0, '{\"text/html\": [1]}')\n1", shows=["text"]),
    "very deep": Case(
        NONCE + "mark('output', 0, '{\"application/json\": ' + '[' * 5000 + ']' * 5000 + '}')\n1", shows=["text"]
    ),
    "a mark without its end": Case(
        NONCE + "mark('begin', 3)\nnonce = ''\nf = sys._getframe()\nwhile 'request' not in f.f_locals: f = f.f_back\n"
        "print(f\"a[[aci:{f.f_locals['request']['nonce']}:output:0:150000]]\", end='', flush=True)\n1",
        stdout="a",
        text="1",
    ),
    "scripts": Case(
        "from IPython.display import HTML, SVG, display\ndisplay(HTML('<script>alert(1)</script>'))\n"
        'SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>\')',
        shows=["html", "svg"],
    ),
    "types with line breaks": Case(
        "from IPython.display import display\ndisplay({'text/html\\r\\nX: y': 'x', 'text/plain': 'y'}, raw=True)\n1",
        text="1",
    ),
    "many forms": Case(
        "from IPython.display import display\ndisplay({f'text/x{n}': 'x' for n in range(50)}, raw=True)\n1", text="1"
    ),
    "a text without end": Case("from IPython.display import HTML\nHTML('x' * 3_000_000)"),
    "a broken json module": Case(
        "import json\nkept, json.dumps = json.dumps, None\ntry: display(1)\nfinally: json.dumps = kept", shows=["text"]
    ),
    "and still sound": Case("6 * 7", text="42", shows=["text"]),
}
