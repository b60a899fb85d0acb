"""`input()` and `getpass()` for runs whose client answers questions: a frame goes to the server, and one comes back.

The server believes nothing of a question but that its run has one. The answer is left in the socket until all of it is
there, so that an interrupt may strike while it is waited for, and the channel stays whole.
"""

from __future__ import annotations

import builtins
import contextlib
import getpass
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from sandbox.inside import channel

MAX_PROMPT: Final = 1000
"""Characters of a prompt that go with the question; a longer one is printed."""
_TRICKLE_SECONDS: Final = 0.001


class Asker:
    """Asks for one run at a time, and only from the thread and the process that the run is in."""

    def __init__(self, link: socket.socket, flush: Callable[[], None]) -> None:
        self._link = link
        self._flush = flush
        self._input, self._getpass = builtins.input, getpass.getpass
        self._run: str | None = None
        self._asked = 0
        self._pid = 0
        self.taking = False
        """An answer is being taken from the channel: an interrupt has to wait until it is out."""
        self.interrupted = False
        """One came meanwhile."""

    @contextlib.contextmanager
    def in_place(self, run: str) -> Iterator[None]:
        """For the time of a run, put `input()` and `getpass.getpass()` in place that ask its client."""
        self._run, self._asked, self._pid = run, 0, os.getpid()
        # Plain functions, so that what replaces them can see by an attribute that somebody is there to answer.
        asks = self._stand_in("", self._input, password=False)
        asks_secretly = self._stand_in("Password: ", self._getpass, password=True)
        builtins.input, getpass.getpass = asks, asks_secretly
        try:
            yield
        finally:
            self._run = None
            if builtins.input is asks:  # what the user's code has put there stays
                builtins.input = self._input
            if getpass.getpass is asks_secretly:
                getpass.getpass = self._getpass

    def _stand_in(self, default: str, original: Callable[..., str], *, password: bool) -> Callable[..., str]:
        def ask(prompt: object = default, *more: Any, **named: Any) -> str:
            if self._run is None or os.getpid() != self._pid:
                return original(prompt, *more, **named)
            return self.ask(str(prompt), password=password)

        ask.asks_live = True  # type: ignore[attr-defined]
        return ask

    def ask(self, prompt: str, *, password: bool) -> str:
        """The answer. Raises EOFError where none comes, and KeyboardInterrupt when the run is to end."""
        if threading.current_thread() is not threading.main_thread():
            raise EOFError("input() can be answered in the program's main thread only")
        if len(prompt) > MAX_PROMPT:
            print(prompt, end="")
            prompt = prompt[-MAX_PROMPT:]
        self._flush()
        self._asked += 1
        question = {"asks": self._run, "number": self._asked, "prompt": prompt, "password": password}
        self._link.sendall(channel.encode(question))
        text = self._answer(self._asked)
        if text is None:
            raise EOFError(f"nobody answered {prompt.strip() or 'a question without a prompt'!r}")
        return text

    def _answer(self, number: int) -> str | None:
        while True:
            frame = self._next_frame()
            if frame.get("answer") == number:  # an older one belongs to a question that was interrupted
                text: str | None = frame["text"]
                return text

    def _next_frame(self) -> dict[str, Any]:
        while not self._is_there():
            time.sleep(_TRICKLE_SECONDS)
        self.taking = True
        try:
            frame = channel.receive(self._link)
        finally:
            self.taking = False
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        if frame is None:
            raise EOFError("the server is gone")
        return frame

    def _is_there(self) -> bool:
        """Wait for the beginning of a frame; whether all of it has come. Takes nothing."""
        header = self._link.recv(channel.HEADER.size, socket.MSG_PEEK)
        if len(header) < channel.HEADER.size:
            return not header
        whole = channel.HEADER.size + int(channel.HEADER.unpack(header)[0])
        return len(self._link.recv(whole, socket.MSG_PEEK)) >= whole
