"""Finds who stands behind a key or a cookie, with few and bounded queries.

What was found counts for ten seconds, which is also how long a revoked key can go on being taken. What was not found is
remembered apart from it, so that a flood of wrong keys pushes nobody out. All that is asked for while a query is under
way goes into the next one: however many wrong keys come, Postgres sees one query at a time, and at most fifty a second.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from types import TracebackType
from typing import Self
from uuid import UUID

from api.access.remembered import Remembered
from core.access import credentials, keys
from core.access.credentials import Credential, State
from core.database.pool import DATABASE_FAULTS, Pool

logger = logging.getLogger(__name__)

FRESH_S = 10.0
"""How long what was found counts."""
MOST = 10_000
"""Credentials remembered, and as many digests that are none."""
APART_S = 0.02
AT_ONCE = 500
"""Digests in one query."""
NOTE_USE_EVERY_S = 30.0


class Lookup:
    """Made once a process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: Remembered[Credential] = Remembered(MOST)
        self._unknown: Remembered[None] = Remembered(MOST)
        self._waiting: dict[bytes, asyncio.Future[Credential | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._used: set[UUID] = set()
        self._noting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._noting = asyncio.create_task(self._note_use_forever(), name="key-use")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [task for task in (self._noting, self._asking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._note_use()

    def known(self, digest: bytes) -> Credential | None:
        """What was found out of it moments ago."""
        kept = self._known.get(digest)
        return None if kept is None else self._noted(kept[0], digest)

    async def find(self, digest: bytes) -> Credential | None:
        """What there is to know of it. Raises what Postgres raises when it is away."""
        found = self.known(digest)
        if found is None and self._unknown.get(digest) is None:
            asked = await self._ask(digest)
            found = None if asked is None else self._noted(asked, digest)
        return found

    def _noted(self, found: Credential, digest: bytes) -> Credential | None:
        if not hmac.compare_digest(found.digest, digest):
            return None
        if found.principal.key_id is not None and found.state is State.GOOD:
            self._used.add(found.principal.key_id)
        return found

    def forget(self, digest: bytes) -> None:
        """Ask anew the next time, in this process: it was signed out here."""
        self._known.forget(digest)

    def forget_all(self) -> None:
        """Ask anew for everybody."""
        self._known.clear()

    async def _ask(self, digest: bytes) -> Credential | None:
        answer = self._waiting.get(digest)
        if answer is None:
            answer = self._waiting[digest] = asyncio.get_running_loop().create_future()
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # its client may be gone
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask_for_all(), name="key-lookup")
        return await asyncio.shield(answer)

    async def _ask_for_all(self) -> None:
        """One query after the other until nobody waits."""
        while self._waiting:
            digests = list(self._waiting)[:AT_ONCE]
            answers = {digest: self._waiting.pop(digest) for digest in digests}
            try:
                found = await credentials.find(self._pool, digests)
            except Exception as error:  # whatever it is, those who wait have to hear of it
                for answer in answers.values():
                    answer.set_exception(error)
            else:
                for digest, answer in answers.items():
                    credential = found.get(digest)
                    if credential is None:
                        self._unknown.put(digest, None, FRESH_S)
                    else:
                        self._known.put(digest, credential, _counts_for(credential))
                    answer.set_result(credential)
            await asyncio.sleep(APART_S)

    async def _note_use_forever(self) -> None:
        while True:
            await asyncio.sleep(NOTE_USE_EVERY_S)
            await self._note_use()

    async def _note_use(self) -> None:
        used, self._used = self._used, set()
        if not used:
            return
        try:
            await keys.note_use(self._pool, list(used))
        except DATABASE_FAULTS as error:
            logger.warning("The last use of %d keys is not written down: Postgres is away (%s).", len(used), error)


def _counts_for(credential: Credential) -> float:
    """Seconds; less where it ends before, by the database's clock."""
    if credential.state is State.GOOD and credential.left_s is not None:
        return min(FRESH_S, credential.left_s)
    return FRESH_S
