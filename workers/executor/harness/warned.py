"""Warnings of a run: they go to stderr as ever, and into the report for what they are, apart from what was printed."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

WARNINGS_LIMIT = 50


class Warned:
    """Collects them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.found: list[dict[str, Any]] = []

    def instead_of(self, theirs: Callable[..., Any]) -> Callable[..., Any]:
        """A stand-in for `warnings.showwarning` that notes each and then does as before."""

        def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
            if len(self.found) < WARNINGS_LIMIT:
                self.found.append(
                    {
                        "name": str(getattr(category, "__name__", category))[:200],
                        "value": text_of(message)[:2000],
                        "line": lineno if filename == self._name else self._line(),
                    }
                )
            theirs(message, category, filename, lineno, file, line)

        return show

    def _line(self) -> "int | None":
        """Which line of the program was being run when a package warned."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self._name:
                return frame.f_lineno
            frame = frame.f_back
        return None


def text_of(message: Any) -> str:
    """A warning's words, whatever its str() does."""
    try:
        return str(message)
    except Exception as error:
        return f"<{type(message).__name__}: its str() raised {type(error).__name__}>"
