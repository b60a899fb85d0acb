"""IPython's shell without a kernel: `get_ipython()`, magics, top-level await, the last value shown.

It behaves as a kernel's shell does, but what a kernel would send as messages is printed: results to stdout, tracebacks
to stderr, both as plain text. No history is kept, for that would need a thread and a database.
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Any, Final

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config  # type: ignore[import-not-found]

INTERRUPT_HANDLER: Final = "_on_interrupt"
"""Name of the runner's handler of SIGINT."""


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

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Tracebacks as IPython has them, but sys.exit() is no error to be shown: only its message is."""
        error = sys.exc_info()[1]
        if isinstance(error, SystemExit):
            if isinstance(error.code, str):
                print(error.code, file=sys.stderr)
            return
        if isinstance(error, KeyboardInterrupt):
            _forget_handler(error)
        super().showtraceback(*args, **kwargs)

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no screen; `%matplotlib` must not fail for it."""

    def ask_exit(self) -> None:
        """`exit` and `quit` end the cell, as sys.exit() does."""
        raise SystemExit(0)


def _forget_handler(error: KeyboardInterrupt) -> None:
    """Take the signal handler that raised it off the end of the traceback: it is none of the user's lines."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        if last.tb_next.tb_next is None and last.tb_next.tb_frame.f_code.co_name == INTERRUPT_HANDLER:
            last.tb_next = None
            return
        last = last.tb_next


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
    _run_once(shell)
    return shell


def _run_once(shell: SessionShell) -> None:
    """The first cell and the first traceback load what later ones need; both leave nothing behind."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        shell.run_cell("[1, 2]")
        shell.run_cell("1/0")
    shell.reset(new_session=True)


def run_cell(shell: SessionShell, code: str) -> int:
    """Run one cell and give its exit code: 0, 1 for what was raised, or what sys.exit() was called with."""
    result = shell.run_cell(code, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return exit_code(error)
    return 1


def exit_code(error: SystemExit) -> int:
    """What the operating system would see of this exit."""
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
