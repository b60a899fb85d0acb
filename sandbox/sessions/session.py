"""One live session: its pipes, its control channel, the run in it, and its end.

The session's first process is held by a pidfd, so a signal can't reach a stranger. Whatever the code inside does to its
end of the descriptors is at worst the end of its own session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.confinement.cgroups import SessionGroup
from sandbox.files.workspace import Workspace
from sandbox.inside import channel
from sandbox.sessions.output import Output, Stream
from sandbox.sessions.questions import Clock, NoSuchQuestion, Questions
from sandbox.sessions.run import INTERRUPTED, KILLED, TIMED_OUT, Limit, Reached, Run
from sandbox.sessions.tasks import Tasks

_PIPE_READ: Final = 65536
_DRAIN_READS: Final = 64
_LAST_BREATH_SECONDS: Final = 0.25
_SWEEP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server, and not the kernel, holds a session to."""

    output_bytes: int
    flood_bytes: int
    run_seconds: float
    grace_seconds: float
    input_seconds: float


@dataclass(frozen=True, slots=True)
class Handles:
    """Everything the server holds of a session; `close` gives it all back."""

    pid: int
    init: int
    runner: int
    control: socket.socket
    orders: socket.socket
    stdout: int
    stderr: int
    workspace: Workspace
    group: SessionGroup | None

    def close(self) -> None:
        """Close every descriptor, which lets the session's memory go."""
        self.control.close()
        self.workspace.close()
        for descriptor in (self.init, self.runner, self.stdout, self.stderr):
            os.close(descriptor)


class Session:
    """A session from the moment it is ready. All methods belong to the event loop's thread."""

    def __init__(
        self,
        session_id: str,
        handles: Handles,
        bounds: Bounds,
        on_use: Callable[[], None],
        on_end: Callable[[Session], None],
    ) -> None:
        self.id = session_id
        self.pid = handles.pid
        self.workspace = handles.workspace
        self.group = handles.group
        self.created_at = datetime.now(UTC)
        self.last_used = time.monotonic()
        self.run: Run | None = None
        self.over = asyncio.Event()
        self._handles = handles
        self._bounds = bounds
        self._on_use = on_use
        self._on_end = on_end
        self._reason: Limit | None = None
        self._frames = channel.FrameReader()
        self._loop = asyncio.get_running_loop()
        self._outgoing = bytearray()
        self.tasks = Tasks(handles.orders, self._new_output, lambda: self.kill(Limit.SESSION_ENDED))
        self._timers: list[asyncio.TimerHandle] = []
        self._clock: Clock | None = None
        """Of the run."""
        self._lifetime: asyncio.TimerHandle | None = None
        self._loop.add_reader(handles.control, self._hear)

    def live_for(self, seconds: float) -> None:
        """End the session after this time, whatever it does."""
        self._lifetime = self._loop.call_later(seconds, self.kill, Limit.SESSION_ENDED)

    def begin(self, request: dict[str, Any], seconds: float | None, *, asks: bool = False) -> Run:
        """Start a run; `seconds` may shorten the server's bound on its wall time, and `asks` says that its client
        answers questions. The session must be free.
        """
        assert self.run is None
        self._discard_old_output()
        self.run = run = Run(secrets.token_hex(8), request, self._new_output())
        self.touch()
        self._outgoing += channel.encode({**request, "run": run.number, "ask": asks})
        self._loop.add_reader(self._handles.stdout, self._listen, "stdout", self._handles.stdout)
        self._loop.add_reader(self._handles.stderr, self._listen, "stderr", self._handles.stderr)
        self._loop.add_writer(self._handles.control, self._speak)
        wall = min(seconds or self._bounds.run_seconds, self._bounds.run_seconds)
        self._clock = Clock(wall, lambda: self.interrupt(Limit.TIMEOUT))
        if asks:
            run.questions = Questions(run.number, self._bounds.input_seconds, self._clock, self._say)
        return run

    def answer(self, question_id: str, text: str | None) -> None:
        """Give the run's code the answer to its question; None: there will be none. Raises NoSuchQuestion."""
        if self.run is None or self.run.questions is None:
            raise NoSuchQuestion
        self.run.questions.answer(question_id, text)
        self.touch()

    def _say(self, frame: dict[str, Any]) -> None:
        self._outgoing += channel.encode(frame)
        self._loop.add_writer(self._handles.control, self._speak)

    def _new_output(self) -> Output:
        return Output(self._bounds.output_bytes, self._bounds.flood_bytes)

    @property
    def idle_since(self) -> float | None:
        """When it was used last, on the monotonic clock; None while it is in use."""
        return None if self.run is not None or self.tasks.working else self.last_used

    @property
    def has_died(self) -> bool:
        """Whether its first process has ended, even if nobody has reported that yet."""
        poll = select.poll()
        poll.register(self._handles.init, select.POLLIN)  # a pidfd: readable from the end on
        return bool(poll.poll(0))

    def touch(self) -> None:
        """The session is in use: its idle time starts anew."""
        self.last_used = time.monotonic()
        self._on_use()

    def interrupt(self, limit: Limit) -> None:
        """Ask the run to end by SIGINT; if it has not within the grace, end the session."""
        run = self.run
        if run is None or run.limit is not None:
            return
        run.limit = limit
        if run.questions is not None:
            run.questions.end()
        if run.started:
            self._signal(signal.SIGINT)
        grace = self._bounds.grace_seconds
        self._timers.append(self._loop.call_later(grace / 2, self._signal, channel.WAKE))
        self._timers.append(self._loop.call_later(grace, self.kill, limit))

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handles.runner, number)

    def kill(self, reason: Limit) -> None:
        """End the session now; the kernel kills everything in it with its first process."""
        if self.over.is_set():
            return
        self._reason = self._reason or reason
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handles.init, signal.SIGKILL)
        if self.group is not None:
            self.group.let_run()

    def orphaned(self) -> None:
        """The zygote, which would have reported its end, is gone: end it, and see that by its handle alone."""
        if not self.over.is_set():
            self.kill(Limit.SESSION_ENDED)
            self._loop.add_reader(self._handles.init, self.ended, -signal.SIGKILL)

    def ended(self, status: int) -> None:
        """The first process has ended, so nothing of the session runs any more; its exit code, or -signal."""
        if self.over.is_set():
            return
        self.over.set()
        run = self.run
        if run is not None:
            self._drain(run)
            limit = self._why(run, status)
            code = status if limit is Limit.SESSION_ENDED and status > 0 else KILLED
            run.finish(code, limit, _SENTENCES[limit] + _SESSION_GONE, session_ended=True)
        self._release()
        if self._lifetime is not None:
            self._lifetime.cancel()
        for descriptor in (self._handles.control, self._handles.init):
            self._loop.remove_reader(descriptor)
        self.tasks.close()
        self._handles.close()
        self._on_end(self)

    def _why(self, run: Run, status: int) -> Limit:
        if self._reason is not None:
            return self._reason
        if self.group is not None and self.group.memory_kills():
            return Limit.MEMORY
        if status == 128 + signal.SIGXCPU:
            return Limit.CPU
        return run.limit or Limit.SESSION_ENDED

    def _hear(self) -> None:
        """The control channel's untrusted end: anything but the awaited reply ends the session."""
        try:
            data = self._handles.control.recv(_PIPE_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            # Its process has ended, which is about to be reported, or has closed the channel and lives on.
            self._loop.remove_reader(self._handles.control)
            self._timers.append(self._loop.call_later(_LAST_BREATH_SECONDS, self.kill, Limit.SESSION_ENDED))
            return
        try:
            for frame in self._frames.feed(data):
                self._reply(frame)
        except channel.BadFrame:
            self._loop.remove_reader(self._handles.control)
            self.kill(Limit.PROTOCOL)

    def _reply(self, frame: dict[str, Any]) -> None:
        run, code = self.run, frame.get("exitCode")
        if run is not None and not run.started and frame == {"started": run.number}:
            run.started = True
            if run.limit is not None:
                self._signal(signal.SIGINT)  # asked for before the code could be interrupted
            return
        if run is not None and run.questions is not None and run.started and not run.answered and "asks" in frame:
            self._drain(run)  # what was printed before comes before
            run.asked = run.questions.take(frame)
            run.notify()
            return
        known = run is not None and run.started and frame.get("ended") == run.number
        if run is None or not known or run.answered or not isinstance(code, int) or not 0 <= code <= 255:
            raise channel.BadFrame("a reply to nothing")
        run.answered = True
        if run.questions is not None:
            run.questions.end()
        limit = frame.get("limit")
        reached = _BY_NAME.get(limit) if isinstance(limit, str) else None

        def finish() -> None:
            self._finish(run, code, reached)

        if frame.get("left") is False:
            finish()
        else:
            # What the run has left behind ends with it. A session too busy for that is past helping.
            self._timers.append(self._loop.call_later(_SWEEP_SECONDS, self.kill, Limit.SESSION_ENDED))
            self.tasks.sweep(finish)

    def _finish(self, run: Run, code: int, reached: Reached | None) -> None:
        if self.over.is_set() or self._reason is not None:
            return  # it is being killed, and with that its variables go
        self._drain(run)
        self._release()
        if run.limit is None:
            sentence = _REACHED[reached] + _SESSION_KEPT if reached is not None else ""
            run.finish(code, None, sentence, session_ended=False, reached=reached)
        else:
            code = TIMED_OUT if run.limit is Limit.TIMEOUT else INTERRUPTED
            run.finish(code, run.limit, _SENTENCES[run.limit] + _SESSION_KEPT, session_ended=False)

    def _release(self) -> None:
        """The session is free again, or gone: nothing is read until the next run, so late writers wait."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._clock is not None:
            self._clock.stand_still()
        if self.run is not None and self.run.questions is not None:
            self.run.questions.end()
        self._loop.remove_reader(self._handles.stdout)
        self._loop.remove_reader(self._handles.stderr)
        self._loop.remove_writer(self._handles.control)
        self._outgoing.clear()
        self.run = None
        self.last_used = time.monotonic()

    def _speak(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            sent = self._handles.control.send(self._outgoing[: 1 << 20])
            del self._outgoing[:sent]
        if not self._outgoing:
            self._loop.remove_writer(self._handles.control)

    def _listen(self, stream: Stream, descriptor: int) -> bool:
        """Take one piece from a pipe; False when there is nothing now."""
        try:
            data = os.read(descriptor, _PIPE_READ)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(descriptor)
            return False
        if self.run is not None:
            self.run.output.feed(stream, data)
            self.run.notify()
            if self.run.output.flooded:
                self.interrupt(Limit.OUTPUT)
        return True

    def _drain(self, run: Run) -> None:
        """What the run wrote before it ended is in the pipes already. Bounded, for others may write on."""
        for stream, descriptor in self._pipes():
            for _ in range(_DRAIN_READS):
                try:
                    data = os.read(descriptor, _PIPE_READ)
                except BlockingIOError:
                    break
                if not data:
                    break
                run.output.feed(stream, data)

    def _discard_old_output(self) -> None:
        for _, descriptor in self._pipes():
            for _ in range(_DRAIN_READS):
                try:
                    if not os.read(descriptor, _PIPE_READ):
                        break
                except BlockingIOError:
                    break

    def _pipes(self) -> tuple[tuple[Stream, int], tuple[Stream, int]]:
        return ("stdout", self._handles.stdout), ("stderr", self._handles.stderr)


_SENTENCES: Final = {
    Limit.TIMEOUT: "The run took longer than it may and was stopped",
    Limit.MEMORY: "The session used more memory than it may and was ended",
    Limit.OUTPUT: "The run printed far more than it may and was stopped",
    Limit.CPU: "The session used more processor time than it may and was ended",
    Limit.INTERRUPTED: "The run was interrupted",
    Limit.SESSION_ENDED: "The session's process ended",
    Limit.PROTOCOL: "The code wrote to the session's control channel",
}
_REACHED: Final = {
    Reached.MEMORY: "The code asked for more memory than the session has",
    Reached.PROCESSES: "The code started more processes or threads than the session may have; all of them were ended",
    Reached.DISK: "The code wrote more than the session's folders hold: remove files first",
    Reached.INODES: "The code made more files than the session's folders hold: remove some first",
    Reached.DESCRIPTORS: "The code opened more files at once than it may: close them first",
}
_BY_NAME: Final = {reached.value: reached for reached in Reached}
_SESSION_KEPT: Final = "; variables and files are kept."
_SESSION_GONE: Final = "; its variables and files are gone."
