"""Where a program runs: its folder, its interpreter, its variables."""

import builtins
import os
import sys
from typing import Any

HOME = ".aci"
"""Folder, in the working directory, for the program and the report; never listed as the user's."""

WORK = os.getcwd()
"""The working directory, wherever a program may go from there."""


def ipython() -> Any:
    """The interpreter's IPython shell, or None where there is none."""
    get = getattr(builtins, "get_ipython", None)
    if get is None and "IPython" in sys.modules:
        get = sys.modules["IPython"].get_ipython
    return get() if get is not None else None


def namespace() -> "dict[str, Any]":
    """Where the user's variables live: they persist from run to run."""
    shell = ipython()
    return shell.user_ns if shell is not None else sys.modules["__main__"].__dict__
