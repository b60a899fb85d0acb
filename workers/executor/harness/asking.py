"""`input()` and `getpass()`: first the answers that came with the program, then whoever is there to be asked."""

import builtins
import getpass
from collections.abc import Callable
from typing import Any

Ask = Callable[..., str]


class NoMoreInput(EOFError):
    """The program asked for more input than it was given."""


# In a traceback it reads as what it is to the program.
NoMoreInput.__name__ = NoMoreInput.__qualname__ = "EOFError"
NoMoreInput.__module__ = "builtins"


class Asker:
    """Stand-ins for `input()` and `getpass.getpass()`. Given answers are shown as a terminal would show them.

    Where the sandbox puts functions in their place that ask its client, it says so by their attribute `asks_live`.
    """

    def __init__(self, answers: "list[str]", *, live: bool) -> None:
        self._waiting = list(answers)
        self._live = live
        self.input = self._stand_in(builtins.input, "", shown=True)
        self.getpass = self._stand_in(getpass.getpass, "Password: ", shown=False)

    def _stand_in(self, theirs: Ask, default: str, *, shown: bool) -> Ask:
        live = self._live and getattr(theirs, "asks_live", False)

        def ask(prompt: object = default, *_: Any, **__: Any) -> str:
            if self._waiting:
                answer = self._waiting.pop(0)
                print(f"{prompt}{answer if shown else ''}", flush=True)
                return answer
            if live:
                try:
                    return theirs(str(prompt))
                except EOFError:
                    raise NoMoreInput(f"{asking(prompt)}, and nobody answered") from None
            print(prompt, flush=True)
            raise NoMoreInput(f"{asking(prompt)}, and every given input has been used; add another to `inputs`")

        return ask


def asking(prompt: object) -> str:
    return f"the program asks for input ({str(prompt).strip() or 'without a prompt'!r})"
