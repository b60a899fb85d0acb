"""Turns what supervisord logs into sentences for the person at the terminal: a program died and runs again,
or keeps dying. Everything else it logs is routine and stays in its log. The wording of those lines is
supervisord 4's; a test with a real supervisord holds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """What happened to a program."""

    STARTED = "started"
    STEADY = "steady"
    DIED = "died"
    NOT_STARTED = "not started"
    GIVEN_UP = "given up"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Happening:
    """One thing that supervisord reported."""

    kind: Kind
    name: str
    pid: int | None = None
    how: str = ""


PATTERNS = (
    (Kind.STARTED, re.compile(r"spawned: '(?P<name>\S+)' with pid (?P<pid>\d+)")),
    (Kind.STEADY, re.compile(r"success: (?P<name>\S+) entered RUNNING state")),
    (Kind.DIED, re.compile(r"exited: (?P<name>\S+) \((?P<how>.+); (?:not )?expected\)")),
    (Kind.GIVEN_UP, re.compile(r"gave up: (?P<name>\S+) entered FATAL state")),
    (Kind.STOPPED, re.compile(r"stopped: (?P<name>\S+) \((?P<how>.+)\)")),
    (Kind.NOT_STARTED, re.compile(r"spawnerr: (?P<how>.+)")),
)


def parse(line: str) -> Happening | None:
    """What a line of supervisord's log reports, or None for one that is of no interest."""
    for kind, pattern in PATTERNS:
        found = pattern.search(line)
        if found is not None:
            parts = found.groupdict()
            pid = parts.get("pid")
            return Happening(kind, parts.get("name") or "", int(pid) if pid else None, in_words(parts.get("how") or ""))
    return None


def in_words(how: str) -> str:
    """supervisord's account of an end, in words a stranger understands."""
    if how.startswith("terminated by "):
        return "killed by " + how.removeprefix("terminated by ")
    if how == "exit status 0":
        return "ended by itself"
    return how


@dataclass
class Narrator:
    """Tells of deaths without flooding the screen: the first, that it keeps on, and that it is over."""

    say: Callable[[str], None]
    log_of: Callable[[str], str]
    """The last lines of a program's log."""
    retry_seconds: float
    stopping: bool = False
    """Ends are expected from now on."""
    _deaths: dict[str, str] = field(default_factory=dict)
    """How a program died that has not been started again yet."""
    _troubled: dict[str, int] = field(default_factory=dict)
    """How often a program died since it last ran steadily."""

    def hear(self, happening: Happening) -> None:
        """Take note of one report, and speak if it is worth a line."""
        if self.stopping:
            return
        name = happening.name
        match happening.kind:
            case Kind.DIED:
                self._deaths[name] = happening.how
                self._troubled[name] = self._troubled.get(name, 0) + 1
            case Kind.STARTED:
                self._started_again(name)
            case Kind.STEADY:
                if self._troubled.pop(name, 0) > 1:
                    self.say(f"{name} runs again.")
            case Kind.GIVEN_UP:
                self._deaths.pop(name, None)
                self.say(
                    f"{name} keeps dying right after its start; the next try is in {self.retry_seconds:.0f} "
                    f"s. The end of its log:\n{self.log_of(name)}"
                )
            case Kind.NOT_STARTED:
                self.say(f"A program could not be started: {happening.how}.")
            case Kind.STOPPED:
                pass

    def _started_again(self, name: str) -> None:
        how = self._deaths.pop(name, None)
        if how is not None and self._troubled.get(name, 0) == 1:
            self.say(f"{name} died ({how}); started again.")
        elif how is not None and self._troubled.get(name) == 2:
            self.say(f"{name} died again ({how}) right after its start. The end of its log:\n{self.log_of(name)}")
