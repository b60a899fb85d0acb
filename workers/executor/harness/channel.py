"""What the harness says while a program runs: marks on standard output, which the executor takes out again.

A mark is `[[aci:<nonce>:<kind>:<number>:<length>]]`, followed by so many characters of JSON in ASCII. It stands in the
stream where the thing happened, so what is printed and what is shown keep their order (`turns` sees to standard error),
on a server that sends output as it comes and on one that sends it all at the end. Nothing depends on a mark: the report
says everything once more.
"""

import contextlib
import os
import sys
from json import dumps, loads  # by name: a program may put anything in their place
from typing import Any


class Channel:
    """The way out of one run."""

    def __init__(self, nonce: str, budget: int) -> None:
        self._nonce = nonce
        self._left = budget
        self._stream = sys.stdout  # as the program finds it: what it puts in its place is not ours
        self._process = os.getpid()

    @property
    def is_forks(self) -> bool:
        """Whether this is a child that the program forked, which has nothing to report."""
        return os.getpid() != self._process

    def spelled(self, kind: str, number: int, body: str = "") -> str:
        """A mark as it is written."""
        return f"[[aci:{self._nonce}:{kind}:{number}:{len(body)}]]{body}"

    def mark(self, kind: str, number: int = 0, body: str = "") -> bool:
        """Say something. A body that is more than what is left of the budget is left out; whether it was sent."""
        if self.is_forks or not self._nonce:
            return False
        sent = len(body) <= self._left
        if not sent:
            body = ""
        self._left -= len(body)
        for stream in (sys.stdout, self._stream):
            with contextlib.suppress(Exception):  # closed, or anything
                stream.flush()
        with contextlib.suppress(Exception):
            self._stream.write(self.spelled(kind, number, body))
            self._stream.flush()
            return sent
        return False


def spelled(content: Any) -> str:
    """JSON in ASCII. Lone surrogates (of a file name that is no UTF-8, say) have no place in it, not even escaped."""
    text = dumps(content, default=str, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text if text.isascii() else dumps(loads(text))
