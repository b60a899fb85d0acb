"""Parts an answer into prose and code while it streams in.

Whatever the pieces it is cut into, the outcome is the same: a line is held back only for as long as it may still
turn out to be a fence (CommonMark 0.31, section 4.5). No line that is a fence of its block ends up in the code.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from enum import Enum, auto

_DEEPEST = 3
"""Spaces by which a fence may stand deeper than the one that it answers."""

PYTHON = frozenset({"python", "python3", "py", "python-repl", "ipython", "ipython3"})

_VERSIONED = re.compile(r"py(thon)?[23](\.\d+)?$")
_OPENING = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`{]*)[^`]*$")
_MAY_OPEN = re.compile(r"^[ \t]*(`{0,2}|~{0,2}|`{3,}[^`]*|~{3,}.*)$")


class Part(Enum):
    """What a piece is."""

    PROSE = auto()
    CODE = auto()
    RESET = auto()
    """The code so far was no program, but a sample before it: begin anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next bit of prose or code."""

    part: Part
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Fence:
    """The fence that opened the present block."""

    mark: str
    length: int
    indent: int
    code: bool
    """False for a block in another language, which is prose."""

    def closed_by(self, line: str) -> bool:
        bare = line.strip()
        return self.level_with(line) and len(bare) >= self.length and set(bare) == {self.mark}

    def followed_by(self, opening: re.Match[str], line: str) -> bool:
        return opening[2][0] == self.mark and len(opening[2]) >= self.length and self.level_with(line)

    def level_with(self, line: str) -> bool:
        """A fence that stands deeper belongs to the code: a docstring with an example in it."""
        return _indent(line) <= self.indent + _DEEPEST


def _indent(line: str) -> int:
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip(" "))


class AnswerReader:
    """Feed it the answer's pieces, then finish it; `code` and `prose` are what it found so far.

    Blocks named Python are the program, one after another. Without any, unnamed blocks are. Blocks in other
    languages are prose. An answer that is nothing but Python without a fence is a program too.
    """

    def __init__(self) -> None:
        self._line = ""
        """The present line, as far as it is known."""
        self._sent = 0
        """How much of it has been passed on already."""
        self._fence: _Fence | None = None
        self._named = False
        """The code comes from a block that says it is Python."""
        self._prose: list[str] = []
        self._code: list[str] = []

    def feed(self, text: str) -> list[Piece]:
        """The next piece of the answer; returns what is certain by now."""
        pieces: list[Piece] = []
        # A carriage return means nothing in Python or prose, and its newline may come in the next piece.
        *whole, rest = text.replace("\r", "").split("\n")
        for part in whole:
            self._line += part
            self._end_line("\n", pieces)
        self._line += rest
        self._pass_on_certain(pieces)
        return pieces

    def finish(self) -> list[Piece]:
        """The answer is over; returns the rest."""
        pieces: list[Piece] = []
        if self._fence is not None and set(self._line.strip()) == {self._fence.mark}:
            # The closing fence, or as much of it as had come when the answer broke off.
            self._line = self._fence.mark * self._fence.length
        if self._line:
            self._end_line("", pieces)
        if not self._code and (found := bare_program("".join(self._prose))):
            before, bare, after = found
            self._prose = [before, after]
            self._say(Part.CODE, bare, pieces)
        return pieces

    @property
    def code(self) -> str:
        """The program, with one newline at its end; "" where there is none."""
        text = "".join(self._code)
        if text[:1] in (" ", "\t") or re.match(r"\n+[ \t]", text):
            text = textwrap.dedent(text)
        text = text.strip("\n").rstrip()
        return text + "\n" if text else ""

    @property
    def prose(self) -> str:
        """All that is not the program."""
        return re.sub(r"\n{3,}", "\n\n", "".join(self._prose)).strip()

    def _pass_on_certain(self, pieces: list[Piece]) -> None:
        """Of a line not ended yet, what cannot be part of a fence any more."""
        if self._fence is None or not self._fence.code:
            if not self._may_be_fence():
                self._say(Part.PROSE, self._line[self._sent :], pieces)
                self._sent = len(self._line)
            return
        line = self._line
        if not line.strip() or self._may_be_fence():
            return
        # Backticks within a line may be a fence that somebody put at its end.
        certain = line.find("`", self._sent) if "`" in line[self._sent :] else len(line)
        # White space may stand before such a fence; it goes with it.
        certain = len(line[:certain].rstrip()) if certain == len(line) else min(certain, len(line[:certain].rstrip()))
        begin = max(self._sent, self._skipped(line))
        if certain > begin and "`" not in line[:certain]:
            self._say(Part.CODE, line[begin:certain], pieces)
            self._sent = certain

    def _may_be_fence(self) -> bool:
        if self._fence is None:
            return bool(_MAY_OPEN.match(self._line))
        return self._line.lstrip().startswith(self._fence.mark)

    def _end_line(self, ending: str, pieces: list[Piece]) -> None:
        line, sent = self._line, self._sent
        self._line, self._sent = "", 0
        if self._fence is None:
            opening = None if sent else _OPENING.match(line)
            if opening is None:
                self._say(Part.PROSE, line[sent:] + ending, pieces)
            else:
                self._open(opening, line + ending, pieces)
        elif not self._fence.code:
            self._say(Part.PROSE, line[sent:] + ending, pieces)
            if self._fence.closed_by(line):
                self._fence = None
        else:
            self._end_code_line(line, sent, ending, pieces)

    def _end_code_line(self, line: str, sent: int, ending: str, pieces: list[Piece]) -> None:
        fence = self._fence
        assert fence is not None
        if fence.closed_by(line) and not _within_text("".join(self._code)):
            self._fence = None
            return
        opening = _OPENING.match(line)
        if opening is not None and fence.followed_by(opening, line) and not _within_text("".join(self._code)):
            # A second block begins where the first was never closed.
            self._fence = None
            self._open(opening, line + ending, pieces)
            return
        hung = re.search(r"(?<=[^\s`])[ \t]*`{3,}[ \t]*$", line) if fence.mark == "`" else None
        if hung is not None:
            line, self._fence = line[: hung.start()], None
        begin = max(sent, self._skipped(line, fence))
        self._say(Part.CODE, line[begin:] + (ending or "\n"), pieces)

    def _open(self, opening: re.Match[str], line: str, pieces: list[Piece]) -> None:
        # "python:main.py" and "python,ignore" are seen as well.
        language = re.split(r"[:,]", opening[3].strip(".{}"))[0].lower()
        named = language in PYTHON or bool(_VERSIONED.match(language))
        code = named or (not language and not self._named)
        if named and self._code and not self._named:
            self._prose.append("".join(self._code))
            self._code.clear()
            pieces.append(Piece(Part.RESET))
        elif code and self._code:
            self._say(Part.CODE, "\n", pieces)
        self._named = self._named or named
        self._fence = _Fence(opening[2][0], len(opening[2]), len(opening[1]), code)
        if not code:
            self._say(Part.PROSE, line, pieces)

    def _skipped(self, line: str, fence: _Fence | None = None) -> int:
        """Characters of indentation that belong to the fence and not to the code."""
        fence = fence or self._fence
        assert fence is not None
        return min(len(line) - len(line.lstrip(" \t")), fence.indent)

    def _say(self, part: Part, text: str, pieces: list[Piece]) -> None:
        if text:
            (self._code if part is Part.CODE else self._prose).append(text)
            pieces.append(Piece(part, text))


def _within_text(code: str) -> bool:
    """The code so far ends within a text of several lines: what looks like a fence there is a part of that text."""
    if '"""' not in code and "'''" not in code:
        return False
    try:
        ast.parse(textwrap.dedent(code))
    except SyntaxError as error:
        return "unterminated triple-quoted" in str(error.msg)
    except (ValueError, RecursionError, MemoryError):
        return False
    return False


_AROUND = 4
"""Paragraphs before and after a program without a fence that are taken for prose."""


def bare_program(text: str) -> tuple[str, str, str] | None:
    """A program that stands in an answer without any fence: what is before it, the program, what is after it."""
    if is_program(text):
        return "", text, ""
    paragraphs = re.split(r"(?<=\n)(?=\n)", text)
    for first in range(min(_AROUND, len(paragraphs)) + 1):
        for last in range(len(paragraphs), max(len(paragraphs) - _AROUND, first), -1):
            if (first, last) != (0, len(paragraphs)) and _is_surely_a_program("".join(paragraphs[first:last])):
                return "".join(paragraphs[:first]), "".join(paragraphs[first:last]), "".join(paragraphs[last:])
    return None


def is_program(text: str) -> bool:
    """The text is Python and does something: a sentence of one word, or a number, parses as well."""
    return any(
        not isinstance(statement, ast.Expr) or isinstance(statement.value, ast.Call) for statement in _statements(text)
    )


def _is_surely_a_program(text: str) -> bool:
    """As above, but no aside such as "Note (important)"."""
    return any(
        isinstance(statement, ast.Import | ast.ImportFrom | ast.Assign | ast.For | ast.FunctionDef)
        or (isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("print("))
        for statement in _statements(text)
    )


def _statements(text: str) -> list[ast.stmt]:
    """None where it does not parse."""
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
