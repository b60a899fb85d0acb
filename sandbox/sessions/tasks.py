"""Commands in the background of a session: started, read from, stopped, and remembered for a while.

They are children of the session's init, so they need no run and go on beside runs. The same bounds hold for their
output as for a run's. All methods belong to the event loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sandbox.inside.init import MAX_ORDER_BYTES
from sandbox.sessions.output import Output, Stream

MOST_TASKS: Final = 16
"""Of a session, those that have ended included: the oldest of these are forgotten."""
ANSWER_SECONDS: Final = 20.0
_MAX_NOTICE: Final = 4096
_PIPE_READ: Final = 65536
_DRAIN_READS: Final = 64

Status = Literal["working", "completed", "failed", "canceled"]


class TaskProblem(Exception):
    """A task could not be started; the message is for the user."""


class TooManyTasks(TaskProblem):
    """As many run as may."""


class TooLong(TaskProblem):
    """The command is longer than any that can be started."""


@dataclass(slots=True)
class Task:
    """One command."""

    id: str
    output: Output
    pipes: dict[Stream, int]
    text: dict[Stream, str] = field(default_factory=lambda: {"stdout": "", "stderr": ""})
    status: Status = "working"
    exit_code: int | None = None
    started_at: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def said(self) -> dict[Stream, str]:
        """All that it has printed so far."""
        for stream, text in self.output.take():
            self.text[stream] += text
        return self.text


class Tasks:
    """The tasks of one session, over the socket of its init."""

    def __init__(self, orders: socket.socket, make_output: Callable[[], Output], on_broken: Callable[[], None]) -> None:
        self._orders = orders
        self._make_output = make_output
        self._on_broken = on_broken
        self._tasks: dict[str, Task] = {}
        self._starting: dict[str, asyncio.Future[str | None]] = {}
        self._sweeps: dict[str, Callable[[], None]] = {}
        self._loop = asyncio.get_running_loop()
        orders.setblocking(False)
        self._loop.add_reader(orders, self._hear)

    @property
    def working(self) -> bool:
        """Whether any is under way."""
        return any(task.status == "working" for task in self._tasks.values())

    def find(self, task_id: str) -> Task | None:
        """A task that runs, or ran lately."""
        return self._tasks.get(task_id)

    async def start(self, command: str) -> Task:
        """Start `/bin/sh -c command`. Raises TaskProblem, TooManyTasks."""
        self._make_room()
        task = Task(secrets.token_hex(8), self._make_output(), {})
        order = json.dumps({"start": task.id, "command": command}).encode()
        if len(order) > MAX_ORDER_BYTES or "\0" in command:
            raise TooLong("The command is too long, or holds a NUL: write it to a file and run that.")
        self._tasks[task.id] = task
        self._starting[task.id] = waiting = self._loop.create_future()
        try:
            self._send_with_pipes(task, order)
            refusal = await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except (OSError, TimeoutError) as error:
            refusal = str(error) or "its session does not answer"
        finally:
            self._starting.pop(task.id, None)
        if refusal is not None:
            self._end(task, "failed", None)
            self._tasks.pop(task.id, None)
            raise TaskProblem(f"The command could not be started: {refusal}")
        return task

    def stop(self, task: Task) -> None:
        """End a task and whatever it has started; `task.ended` tells when."""
        if task.status == "working":
            self._order({"stop": task.id})
            task.status = "canceled"

    def sweep(self, then: Callable[[], None]) -> None:
        """Have every process ended that belongs to no task; `then` is called when none of them can run any more."""
        number = secrets.token_hex(4)
        self._sweeps[number] = then
        self._order({"sweep": number})

    def close(self) -> None:
        """The session is over."""
        self._loop.remove_reader(self._orders)
        for task in self._tasks.values():
            self._end(task, "canceled", 137)
        for waiting in self._starting.values():
            if not waiting.done():
                waiting.set_result("the session has ended")
        self._sweeps.clear()
        self._orders.close()

    def _make_room(self) -> None:
        over = [task for task in self._tasks.values() if task.ended.is_set()]
        if len(self._tasks) >= MOST_TASKS:
            if not over:
                raise TooManyTasks(f"{MOST_TASKS} tasks run in the session, as many as may: stop one first.")
            del self._tasks[over[0].id]

    def _send_with_pipes(self, task: Task, order: bytes) -> None:
        with contextlib.ExitStack() as theirs:
            writing = []
            for stream in ("stdout", "stderr"):
                reading, end = os.pipe()
                os.set_blocking(reading, False)
                task.pipes[stream] = reading
                theirs.callback(os.close, end)
                writing.append(end)
            socket.send_fds(self._orders, [order], writing)
        for name, descriptor in task.pipes.items():
            self._loop.add_reader(descriptor, self._listen, task, name)

    def _order(self, order: dict[str, str]) -> None:
        try:
            self._orders.send(json.dumps(order).encode())
        except OSError:  # it has ended, or takes no more orders
            self._on_broken()

    def _hear(self) -> None:
        try:
            message = self._orders.recv(_MAX_NOTICE)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._loop.remove_reader(self._orders)  # its end is about to be reported
            return
        notice: dict[str, Any] = json.loads(message)
        if "swept" in notice:
            then = self._sweeps.pop(notice["swept"], None)
            if then is not None:
                then()
        elif "ended" in notice:
            task = self._tasks.get(notice["ended"])
            if task is not None:
                self._end(task, "completed" if notice["status"] == 0 else "failed", int(notice["status"]))
        else:
            waiting = self._starting.get(notice.get("started") or notice.get("refused") or "")
            if waiting is not None and not waiting.done():
                waiting.set_result(notice.get("why"))

    def _listen(self, task: Task, stream: Stream) -> bool:
        try:
            data = os.read(task.pipes[stream], _PIPE_READ)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(task.pipes[stream])
            return False
        task.output.feed(stream, data)
        if task.output.flooded and task.status == "working":
            self.stop(task)
            task.status = "failed"
            task.output.note("\nThe command printed far more than it may and was stopped.\n")
        return True

    def _end(self, task: Task, status: Status, exit_code: int | None) -> None:
        """Set its end, the first time only."""
        if task.ended.is_set():
            return
        for stream, descriptor in task.pipes.items():
            for _ in range(_DRAIN_READS):
                if not self._listen(task, stream):
                    break
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        task.output.finish()
        task.said()
        task.seconds = time.monotonic() - task.started_at
        task.exit_code = exit_code
        if task.status == "working":
            task.status = status
        task.ended.set()
