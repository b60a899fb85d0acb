"""Keeps a process's leases, from a thread and a connection of its own.

It stops renewing when the agents' loop no longer ticks, so that a process that is stuck loses its jobs to one that
is not; it dumps all stacks and ends the process when that lasts, or when the process is deaf: jobs wait for it, it
has room, and no message arrives.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.database.pool import DATABASE_FAULTS, OwnConnection, connect
from core.jobs import lease
from core.jobs.lease import Held

if TYPE_CHECKING:
    from workers.process import WorkerProcess

logger = logging.getLogger(__name__)

STUCK_EXIT = 70
"""EX_SOFTWARE of sysexits.h: the supervisor starts a new process."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before calling a process stuck or deaf, in seconds."""

    renew_past: float
    """Without a tick of the loop for so long, leases are no longer renewed."""
    end_past: float
    """And for so long, the process is ended."""
    deaf_past: float
    """A job waits for this pool, there is room here, and nothing was heard for so long."""


def end_process(why: str) -> None:
    """Say why, show what every thread does, and be gone: whatever is stuck would keep a gentler end from happening."""
    logger.critical("This worker ends itself: %s. What its threads were doing:", why)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(STUCK_EXIT)


class Heartbeat:
    """Beats until stopped. What it learns is handed to the agents' loop."""

    def __init__(self, process: WorkerProcess, end: Callable[[str], None] = end_process) -> None:
        lease_s = process.settings.lease_s
        self._process = process
        self._patience = Patience(
            renew_past=lease_s / 2, end_past=2 * lease_s, deaf_past=process.settings.worker_deaf_s
        )
        self._end = end
        self._stopping = False
        self._wake = threading.Event()
        self._connection: OwnConnection | None = None
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def hurry(self) -> None:
        """Beat now: somebody may have asked for a cancel."""
        self._wake.set()

    def stop(self) -> None:
        """Stop, and wait for the last beat to end."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        every_s = self._process.settings.heartbeat_s
        with asyncio.Runner() as runner:
            asleep_since = time.monotonic()
            while True:
                self._wake.wait(every_s)
                self._wake.clear()
                if self._stopping:
                    break
                # Where this thread overslept, the whole process was frozen: the loop gets a beat's time to move first.
                if time.monotonic() - asleep_since <= every_s + self._patience.renew_past:
                    runner.run(self._beat())
                asleep_since = time.monotonic()
            if self._connection is not None:
                self._connection.terminate()

    async def _beat(self) -> None:
        silent = time.monotonic() - self._process.ticked
        if silent > self._patience.end_past:
            self._end(f"its loop has not moved for {silent:.0f} s")
        if silent > self._patience.renew_past:
            logger.error("The loop has not moved for %.0f s; leases are not renewed.", silent)
            return
        held = list(self._process.running)
        asked = time.monotonic()
        try:
            async with asyncio.timeout(self._process.settings.lease_s / 3):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect(self._process.settings)
                beat = await lease.renew(
                    self._connection,
                    self._process.id,
                    held,
                    self._process.lease,
                    stopping=self._process.stopping,
                    agents=list(self._process.specs),
                    waiting_past_s=self._patience.deaf_past,
                )
        except DATABASE_FAULTS as error:
            logger.warning("Leases could not be renewed (%s: %s).", type(error).__name__, error)
            if self._connection is not None:
                self._connection.terminate()
            # Stop before the leases end by Postgres' clock: half of them is left for the stopping.
            if time.monotonic() - self._renewed > self._process.settings.lease_s / 2:
                self._tell(dict.fromkeys(held, "lease"))
            return
        self._renewed = asked
        self._tell(
            {one: "lease" for one in held if one not in beat.mine}
            | {one: "cancel" for one, cancel in beat.mine.items() if cancel}
        )
        if beat.waiting and self._deaf():
            self._end("jobs wait for it and no message arrives")

    def _deaf(self) -> bool:
        """Room here, nothing heard for long, and yet the broker answers."""
        unheard = time.monotonic() - self._process.heard
        return unheard > self._patience.deaf_past and self._process.has_room and self._process.broker_answers()

    def _tell(self, reasons: dict[Held, str]) -> None:
        if reasons:
            self._process.tell(reasons)
