"""The demo model's whole answer to a prompt: some prose that says what it is, and one fenced program."""

from __future__ import annotations

from workers.models.demo.catalogue import TITLES
from workers.models.demo.library import menu, pick
from workers.models.demo.mending import mend, parses
from workers.models.demo.reading import Wish, read

WHO = (
    "This is the demo model: it picks a program from a small built-in library by the words of your request, "
    "and understands nothing beyond that."
)


def reply(prompt: str) -> str:
    """What it says, as Markdown."""
    wish = read(prompt)
    if wish.failed_code is not None:
        says, code = _mended(wish)
    elif wish.base_code is not None:
        says, code = _changed(wish)
    else:
        says, code = _picked(wish)
    return f"{WHO} {says}\n\n{_fenced(code)}\n"


def _picked(wish: Wish) -> tuple[str, str]:
    found = pick(wish)
    if found is None:
        return f"Nothing in the library fits your request. It can do this:\n\n{menu_lines()}", menu()
    return found.says, found.code


def _mended(wish: Wish) -> tuple[str, str]:
    found = mend(wish)
    if found is not None and parses(found[0]):
        return (
            f"{found[1]} It knows a few such mends by rote and cannot tell whether the program now does what you want.",
            found[0],
        )
    return _unchanged("It cannot mend this error", wish.failed_code or "")


def _changed(wish: Wish) -> tuple[str, str]:
    found = pick(wish)
    if found is None:
        return _unchanged("It cannot change a program", wish.base_code or "")
    return f"It cannot change your program; this one is new, from the library. {found.says}", found.code


def _unchanged(why: str, code: str) -> tuple[str, str]:
    if parses(code):
        return f"{why}, so this is your program as it was. A real model could (docs/models.md).", code
    return f"{why}. A real model could (docs/models.md).", menu()


def menu_lines() -> str:
    """What the library can do, as a list in Markdown."""
    return "\n".join(f"- {title}" for title in TITLES)


def _fenced(code: str) -> str:
    # Longer than any run of backticks inside, so that the code cannot end its own fence.
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code.rstrip()}\n{fence}"
