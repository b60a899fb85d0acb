"""What can be asked of an answer: functions over the two jobs' results, each with a line that says what it wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a task: the program as written, and its run."""

    written: dict[str, Any]
    """The result of the `generate` job; empty where it failed."""
    ran: dict[str, Any] = field(default_factory=dict)
    """The result of the `execute` job; empty where nothing was run."""

    @property
    def code(self) -> str:
        """The program."""
        return str(self.written.get("code", ""))

    @property
    def shown(self) -> str:
        """All text that the user sees of the run."""
        outputs = [str(output.get("text/plain", "")) for output in self.ran.get("outputs", ())]
        return "\n".join([str(self.ran.get("stdout", "")), *outputs, str(self.ran.get("text") or "")])

    @property
    def figures(self) -> int:
        """Pictures that it drew."""
        return sum(
            any(kind.startswith("image/") for kind in output) or "application/vnd.plotly.v1+json" in output
            for output in self.ran.get("outputs", ())
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a good answer has."""

    wants: str
    holds: Callable[[Answer], bool]


def runs() -> Check:
    """The program runs to its end."""
    return Check("runs to its end", lambda answer: answer.ran.get("exit") == "ok")


def fails_with(name: str) -> Check:
    """It ends with this exception, as it was asked to."""
    return Check(f"raises {name}", lambda answer: (answer.ran.get("error") or {}).get("name") == name)


def no_fences() -> Check:
    """No Markdown is left in the code."""
    return Check(
        "no fence in the code", lambda answer: not re.search(r"^ {0,3}(```|~~~)\w*\s*$", answer.code, re.MULTILINE)
    )


def explains() -> Check:
    """There are some words about it."""
    return Check("says what it does", lambda answer: len(str(answer.written.get("explanation", ""))) > 10)


def shows(pattern: str) -> Check:
    """Its output has this, whatever else; a regular expression, whatever the case."""
    return Check(f"shows {pattern}", lambda answer: bool(re.search(pattern, answer.shown, re.IGNORECASE)))


def draws(figures: int = 1) -> Check:
    """It draws at least so many pictures."""
    return Check(f"draws {figures}", lambda answer: answer.figures >= figures)


def asks(times: int) -> Check:
    """It asks its user at least so often, and this was seen before it ran."""
    return Check(f"asks {times} times", lambda answer: len(answer.written.get("inputs", ())) >= times)


def asks_nothing() -> Check:
    """It asks its user nothing."""
    return Check("asks nothing", lambda answer: not answer.written.get("inputs"))


def writes(path: str) -> Check:
    """It leaves this file."""
    return Check(f"writes {path}", lambda answer: path in {file["path"] for file in answer.ran.get("files", ())})


def has(pattern: str) -> Check:
    """The program has this; a regular expression."""
    return Check(f"code has {pattern}", lambda answer: bool(re.search(pattern, answer.code)))


def has_not(pattern: str) -> Check:
    """The program does not have this."""
    return Check(f"code has no {pattern}", lambda answer: not re.search(pattern, answer.code))


def no_program() -> Check:
    """There is none, where none was asked for."""
    return Check("writes no program", lambda answer: not answer.code)
