"""Writes what the agents of a process say, in groups over all of its jobs.

An event that comes after a quiet time, the first of a job and its first text are written at once; what follows is
gathered until a few tens of milliseconds have passed since the last group began. Neighbouring pieces of one text
stream become one event. Published only after the commit.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import asyncpg

from core.database.pool import AWAY, Pool
from core.events.log import Entry, Event, append, kept, read
from core.events.publisher import Publisher
from core.events.sizes import LONGEST_TEXT
from core.jobs.lease import Held

logger = logging.getLogger(__name__)

MERGEABLE = frozenset({"stdout", "stderr", "text.delta", "code.delta"})
WAITING_LIMIT = 1024 * 1024
"""Characters of one attempt that may wait to be written, before whoever says more should wait."""
STATEMENT_LIMIT = 4 * 1024 * 1024
"""Characters of text that one statement writes, about."""

RETRY_S = 0.5


class EventWriter:
    """Collects, writes and publishes. `lost` is called with each attempt that turned out to be fenced out."""

    def __init__(self, pool: Pool, publisher: Publisher, flush_s: float, lost: Callable[[Held], None]) -> None:
        self._pool = pool
        self._publisher = publisher
        self._flush_s = flush_s
        self._lost = lost
        self._entries: dict[Held, Entry] = {}
        self._known: set[Held] = set()
        self._spoken: set[Held] = set()
        """Those that have said some text: somebody waits for its beginning, while more of it may come together."""
        self._stored: dict[Held, int] = {}
        """The number of the newest event of each attempt that is known to be stored."""
        self._sizes: dict[Held, int] = {}
        """Characters of text of each attempt that are not written yet."""
        self._some = asyncio.Event()
        self._urgent = asyncio.Event()
        self._written = asyncio.Event()
        self._writing = asyncio.Lock()

    def begin(self, running: Event) -> None:
        """An attempt begins, with this event."""
        self._stored[running.job_id, running.attempt] = running.seq

    def add(self, held: Held, type_: str, data: dict[str, Any]) -> None:
        """Take an event; it will be written soon, and in order."""
        entry = self._entries.get(held)
        if entry is None:
            entry = self._entries[held] = Entry(*held)
        if type_ in MERGEABLE:
            text: str = data["text"]
            self._sizes[held] = self._sizes.get(held, 0) + len(text)
            if entry.events and entry.events[-1][0] == type_:
                last = entry.events[-1][1]
                if len(last["text"]) + len(text) <= LONGEST_TEXT:
                    last["text"] += text
                    return
            for start in range(0, len(text), LONGEST_TEXT):  # parted, not cut: a replay is exact
                entry.events.append((type_, {**data, "text": text[start : start + LONGEST_TEXT]}))
        else:
            entry.events.append((type_, data))
        self._some.set()
        if held not in self._known or (type_ in MERGEABLE and held not in self._spoken):
            self._known.add(held)
            if type_ in MERGEABLE:
                self._spoken.add(held)
            self._urgent.set()

    async def room(self, held: Held) -> None:
        """Wait while much of what an attempt said is still to be written."""
        while self._sizes.get(held, 0) > WAITING_LIMIT:
            self._urgent.set()
            self._written.clear()
            await self._written.wait()

    async def flush(self, held: Held) -> None:
        """Write now what an attempt has said so far."""
        async with self._writing:
            entry = self._entries.pop(held, None)
            if entry is not None:
                await self._write([entry])
                self._wrote([entry])

    async def take(self, held: Held) -> list[tuple[str, dict[str, Any]]]:
        """What an attempt has said and is not written yet, for its last transaction; the writer forgets it."""
        async with self._writing:
            entry = self._entries.pop(held, None)
            self._known.discard(held)
            self._spoken.discard(held)
            self._stored.pop(held, None)
            self._sizes.pop(held, None)
            self._written.set()
            return entry.events if entry is not None else []

    async def run(self) -> None:
        """Write groups until cancelled."""
        clock = asyncio.get_running_loop().time
        began = -math.inf
        while True:
            await self._some.wait()
            wait = began + self._flush_s - clock()
            if wait > 0 and not self._urgent.is_set():
                try:
                    async with asyncio.timeout(wait):
                        await self._urgent.wait()
                except TimeoutError:
                    pass  # the group is as large as it may wait to be
            async with self._writing:
                began = clock()
                self._some.clear()
                self._urgent.clear()
                waiting, self._entries = list(self._entries.values()), {}
                for group in self._statements(waiting):
                    await self._write(group)
                    self._wrote(group)

    def _statements(self, entries: list[Entry]) -> Iterator[list[Entry]]:
        """The entries in groups that one statement each may write."""
        group: list[Entry] = []
        size = 0
        for entry in entries:
            size += self._sizes.get((entry.job_id, entry.attempt), 0)
            group.append(entry)
            if size > STATEMENT_LIMIT:
                yield group
                group, size = [], 0
        if group:
            yield group

    def _wrote(self, group: list[Entry]) -> None:
        """These need no room any more."""
        for entry in group:
            waiting = self._entries.get((entry.job_id, entry.attempt))
            texts = (data["text"] for type_, data in waiting.events if type_ in MERGEABLE) if waiting else ()
            self._sizes[entry.job_id, entry.attempt] = sum(map(len, texts))
        self._written.set()

    async def _write(self, group: list[Entry]) -> None:
        """Write a group, however long Postgres is away: leases run out meanwhile, and then the rest is refused."""
        doubtful = False
        while True:
            try:
                if doubtful:
                    group = [entry for entry in group if not await self._is_stored(entry)]
                if group:
                    await self._write_once(group)
                return
            except AWAY as error:
                # Whether the commit came first is not known: only the answer is lost for certain.
                doubtful = True
                logger.warning("Postgres is away (%s); events wait.", error)
                await asyncio.sleep(RETRY_S)

    async def _is_stored(self, entry: Entry) -> bool:
        """Whether an earlier try wrote it after all: the next events of the attempt are these very ones."""
        held = (entry.job_id, entry.attempt)
        found = await read(self._pool, entry.job_id, self._stored.get(held, 0), len(entry.events))
        said = [(event.type, event.data) for event in found if event.attempt == entry.attempt]
        if said != [(type_, kept(data)) for type_, data in entry.events]:
            return False
        self._tell(found)
        return True

    async def _write_once(self, group: list[Entry]) -> None:
        try:
            written = await append(self._pool, group)
        except AWAY:
            raise
        except asyncpg.PostgresError:
            if len(group) == 1:
                logger.exception("Events of job %s cannot be stored and are left out.", group[0].job_id)
                return
            for entry in group:  # one job's bad value does not cost the others theirs
                await self._write_once([entry])
            return
        self._tell(written)
        there = {(event.job_id, event.attempt) for event in written}
        for entry in group:
            if (entry.job_id, entry.attempt) not in there:
                self._lost((entry.job_id, entry.attempt))

    def _tell(self, written: Sequence[Event]) -> None:
        """These are stored, in order."""
        for event in written:
            held = (event.job_id, event.attempt)
            if held in self._stored:
                self._stored[held] = event.seq
        self._publisher.events(written)
