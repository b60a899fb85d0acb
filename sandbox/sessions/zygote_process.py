"""The zygote as the server sees it: a child process with an empty environment, orders out, births and deaths in.

It is started from the main thread, for the parent-death signal follows the thread that forked (prctl(2)).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sandbox import inside
from sandbox.confinement.limits import Limits

_MAX_MESSAGE: Final = 16384
_READY_SECONDS: Final = 60.0
_ORDER_SECONDS: Final = 20.0


class ZygoteFailed(RuntimeError):
    """The zygote did not get ready, is gone, or could not make a session; the message is its reason."""


class ZygoteProcess:
    """One zygote from its start to its end."""

    def __init__(
        self, python: Path, on_exit: Callable[[str, int], None], on_gone: Callable[[], None], *, preload: bool
    ) -> None:
        self._python = python
        self._preload = preload
        self._on_exit = on_exit
        self._on_gone = on_gone
        self._orders: dict[str, asyncio.Future[tuple[int, int]]] = {}
        self._ready: asyncio.Future[dict[str, Any]] | None = None
        self._link: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.alive = False
        self.way = ""

    async def start(self) -> None:
        """Start it and wait until it is warm. Raises ZygoteFailed."""
        if not self._python.exists():
            raise ZygoteFailed(f"there is no interpreter at {self._python}")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folder = str(Path(inside.__file__).parent)
        with theirs:
            words = [folder, str(theirs.fileno()), str(os.getpid()), str(int(self._preload))]
            command = [str(self._python), "-I", *words]
            try:
                self._process = subprocess.Popen(  # noqa: ASYNC220 - forks from the main thread on purpose
                    command, env={}, cwd="/", stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
                )
            except OSError as error:
                ours.close()
                raise ZygoteFailed(f"{self._python} can't be started: {error}") from error
        ours.setblocking(False)
        self._link = ours
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        loop.add_reader(ours, self._receive)
        self.alive = True
        try:
            answer = await asyncio.wait_for(self._ready, _READY_SECONDS)
        except TimeoutError:
            self.close()
            raise ZygoteFailed(f"the interpreter was not ready within {_READY_SECONDS:.0f} s") from None
        if "failed" in answer:
            self.close()
            raise ZygoteFailed(str(answer["failed"]))
        self.way = str(answer["ready"])

    async def make(
        self, session: str, limits: Limits, nice: int, host_id: int, descriptors: list[int]
    ) -> tuple[int, int]:
        """Order a session; (host pid, pidfd) of its first process. Raises ZygoteFailed."""
        if self._link is None or not self.alive:
            raise ZygoteFailed("the zygote has ended")
        made: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self._orders[session] = made
        order = {"session": session, "limits": dataclasses.asdict(limits), "nice": nice, "hostId": host_id}
        try:
            socket.send_fds(self._link, [json.dumps(order).encode()], descriptors)
            return await asyncio.wait_for(made, _ORDER_SECONDS)
        except OSError as error:
            raise ZygoteFailed(f"the zygote takes no order: {error}") from error
        finally:
            self._orders.pop(session, None)

    def close(self) -> None:
        """Kill it and reap it; its sessions die with it."""
        self._gone()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _receive(self) -> None:
        assert self._link is not None
        try:
            message, descriptors, _, _ = socket.recv_fds(self._link, _MAX_MESSAGE, 1)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = b"", []
        if not message:
            self._gone()
            return
        self._dispatch(json.loads(message), descriptors)

    def _dispatch(self, notice: dict[str, Any], descriptors: list[int]) -> None:
        if "made" in notice:
            waiting = self._orders.get(notice["made"])
            if waiting is None or waiting.done():
                for descriptor in descriptors:
                    os.close(descriptor)
            else:
                waiting.set_result((int(notice["pid"]), descriptors[0]))
        elif "refused" in notice:
            waiting = self._orders.get(notice["refused"])
            if waiting is not None and not waiting.done():
                waiting.set_exception(ZygoteFailed(str(notice["why"])))
        elif "exited" in notice:
            self._on_exit(str(notice["exited"]), int(notice["status"]))
        elif self._ready is not None and not self._ready.done():
            self._ready.set_result(notice)

    def _gone(self) -> None:
        if not self.alive:
            return
        self.alive = False
        if self._link is not None:
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(self._link)
            self._link.close()
            self._link = None
        for waiting in self._orders.values():
            if not waiting.done():
                waiting.set_exception(ZygoteFailed("the zygote has ended"))
        if self._ready is not None and not self._ready.done():
            self._ready.set_result({"failed": "the interpreter ended while it was warming up"})
        self._on_gone()
