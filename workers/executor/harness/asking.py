"""`input()` and `getpass()`: the answers that came with the program, in turn."""

from collections.abc import Callable
from typing import Any


class NoMoreInput(EOFError):
    """The program asked for more input than it was given."""


# In a traceback it reads as what it is to the program.
NoMoreInput.__name__ = NoMoreInput.__qualname__ = "EOFError"
NoMoreInput.__module__ = "builtins"


def asker(answers: "list[str]") -> "Callable[..., str]":
    """A stand-in for `input()` that gives the answers in turn, and shows question and answer as a terminal would."""
    waiting = list(answers)

    def ask(prompt: object = "", *_: Any) -> str:
        if not waiting:
            print(prompt, flush=True)
            raise NoMoreInput(
                f"the program asks for input ({str(prompt).strip() or 'without a prompt'!r}), and every given input "
                "has been used; add another to `inputs`"
            )
        answer = waiting.pop(0)
        print(f"{prompt}{answer}", flush=True)
        return answer

    return ask
