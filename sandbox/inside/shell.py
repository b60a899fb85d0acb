"""IPython's shell without a kernel: `get_ipython()`, magics, top-level await, the last value shown.

It behaves as a kernel's shell does, but what a kernel would send as messages is printed: results to stdout, tracebacks
to stderr, both as plain text. No history is kept, for that would need a thread and a database.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from sandbox.inside import tracebacks


class PlainDisplayHook(DisplayHook):  # type: ignore[misc]
    """Shows a cell's last value without the `Out[n]:` prompt."""

    # As if a prompt had ended its line: no empty line comes before a table.
    prompt_end_newline = True

    def write_output_prompt(self) -> None:
        """No prompt."""


class SessionShell(InteractiveShell):  # type: ignore[misc]
    """The one shell of a session."""

    displayhook_class = PlainDisplayHook
    separate_out = ""

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        print(self.InteractiveTB.stb2text(stb), file=sys.stderr)

    def init_traceback_handlers(self, custom_exceptions: Any) -> None:
        """IPython's, with the user's frames only."""
        super().init_traceback_handlers(custom_exceptions)
        self.InteractiveTB = tracebacks.UserTracebacks(mode=self.xmode, theme_name=self.colors, tb_offset=1)

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Tracebacks as IPython has them, but sys.exit() is no error to be shown: only its message is."""
        error = sys.exc_info()[1]
        if isinstance(error, SystemExit):
            if isinstance(error.code, str):
                print(error.code, file=sys.stderr)
        elif isinstance(error, BaseExceptionGroup):
            print(tracebacks.plain(error), end="", file=sys.stderr)
        else:
            super().showtraceback(*args, **kwargs)

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        """Where the mistake is, and not how its file came to be imported."""
        super().showsyntaxerror(filename, False)

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no screen; `%matplotlib` must not fail for it."""

    def ask_exit(self) -> None:
        """`exit` and `quit` end the cell, as sys.exit() does."""
        raise SystemExit(0)


def make_shell(ipython_folder: str) -> SessionShell:
    """Create the shell; `ipython_folder` must be writable at this moment only."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.banner1 = ""
    config.InteractiveShell.autocall = 0
    config.InteractiveShell.cache_size = 100
    shell: SessionShell = SessionShell.instance(config=config, ipython_dir=ipython_folder)
    # The default runs `!command` through a pseudo-terminal, and there is none.
    shell.system = shell.system_raw
    warnings.filterwarnings("ignore", message="To exit: use 'exit'")
    _run_once(shell)
    return shell


def _run_once(shell: SessionShell) -> None:
    """The first cell and the first traceback load what later ones need; both leave nothing behind."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        shell.run_cell("[1, 2]")
        shell.run_cell("1/0")
    shell.reset(new_session=True)


def run_cell(shell: SessionShell, code: str) -> tuple[int, BaseException | None]:
    """Run one cell: its exit code (0, 1 for what it raised, or what sys.exit() was called with), and what it raised."""
    result = shell.run_cell(code, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return 0, None
    if isinstance(error, SystemExit):
        return exit_code(error), None
    return 1, error


def exit_code(error: SystemExit) -> int:
    """What the operating system would see of this exit."""
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
