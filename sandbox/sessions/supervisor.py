"""All sessions of a server: made, counted, looked up, ended in time, and cleared away.

A session ends by being stopped, by the end of its lifetime, by being idle, by its own doing, or with the server.
However it ends, its processes, mounts and cgroup are gone before its place is given to another.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sandbox.confinement.cgroups import Cgroups, SessionGroup
from sandbox.confinement.limits import MEGABYTE, Limits
from sandbox.sessions import selftest, watchdog
from sandbox.sessions.birthplace import make_session
from sandbox.sessions.run import Limit
from sandbox.sessions.session import Bounds, Session
from sandbox.sessions.verdict import Verdict, refusal
from sandbox.sessions.zygote_process import ZygoteFailed, ZygoteProcess
from sandbox.settings import Settings
from sandbox.wire.errors import (
    AccessDeniedException,
    InternalServerException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)

log = logging.getLogger("sandbox")

TRIES: Final = 3
"""Of the self-test, where the machine and not the confinement failed it."""
PAUSE_S: Final = 1.0

_KEPT_RECORDS: Final = 1000
_UPKEEP_SECONDS: Final = 1.0
_NICE: Final = 10
"""Where no cgroup shares the processors, sessions at least come after the server and what else the machine does."""


@dataclass(slots=True)
class Record:
    """A session as clients know it, kept for a while after its end."""

    identifier: str
    session_id: str
    name: str | None
    timeout_seconds: int
    client_token: str | None
    created_at: datetime
    updated_at: datetime
    session: Session | None

    @property
    def status(self) -> str:
        """AWS's word for it."""
        return "READY" if self.session is not None else "TERMINATED"


class Supervisor:
    """Owns the zygote and every session. Used from one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = settings.limits
        self._bounds = Bounds(
            output_bytes=settings.output_kb * 1024,
            flood_bytes=settings.flood_mb * MEGABYTE,
            run_seconds=settings.max_run_seconds,
            grace_seconds=settings.grace_seconds,
            input_seconds=settings.input_seconds,
        )
        self._cgroups: Cgroups | None = None
        self._zygote: ZygoteProcess | None = None
        self._zygote_lock = asyncio.Lock()
        self._records: dict[str, Record] = {}
        self._tokens: dict[tuple[str, str], asyncio.Future[Record]] = {}
        self._live: dict[str, Session] = {}
        self._watched: dict[str, int] = {}
        self._in_use = asyncio.Event()
        """Set as soon as a session is used, and until no code may run in any."""
        self._slots = set(range(settings.max_sessions + settings.warm_sessions + 1))
        self._slot_of: dict[str, int] = {}
        self._warm: list[Session] = []
        self._wanted = asyncio.Event()
        """Set when fewer sessions than wanted may be ready."""
        self._starting = 0
        self._taken: set[str] = set()
        """Sessions that clients have, out of all that live."""
        self._groups_to_remove: list[SessionGroup] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self.verdict = Verdict(None, "The server is starting.", "Ask again in a moment.")

    # the server's own life

    async def start(self) -> None:
        """Warm up, try the confinement, and publish the verdict. Never raises for what the machine can't do."""
        self._tasks = [
            asyncio.create_task(self._upkeep(), name="upkeep"),
            asyncio.create_task(self._watch_memory(), name="watchdog"),
        ]
        for left in reversed(range(TRIES)):
            try:
                self.verdict = await self._find_tier()
                break
            except (OSError, TimeoutError) as error:
                # The machine was short of something at the moment; a probe that got through is never asked again.
                self.verdict = refusal(str(error) or type(error).__name__)
                log.warning("the confinement could not be tried: %s", self.verdict.reason)
                await asyncio.sleep(PAUSE_S if left else 0)
            except (ZygoteFailed, selftest.NotConfined) as error:
                self.verdict = refusal(str(error) or type(error).__name__)
                break
        log.info("confinement: %s", self.verdict)
        if self.verdict.tier is not None and self._settings.warm_sessions:
            self._tasks.append(asyncio.create_task(self._keep_warm(), name="warm sessions"))
            self._wanted.set()

    async def _find_tier(self) -> Verdict:
        self._cgroups = Cgroups.find(self._settings.cgroup_root) if self._settings.use_cgroups else None
        await self._warm_zygote()
        await selftest.check_probes(self._trial, self._limits)
        if self._cgroups is not None:
            try:
                await selftest.check_memory(self._trial, self._limits)
            except selftest.NotConfined as error:
                log.warning("control groups do not bound memory here: %s", error)
                await self._clear_groups()
                self._cgroups.close()
                self._cgroups = None
            else:
                return Verdict("A", processors="shared" if self._cgroups.share_processors else "nice")
        await selftest.check_memory(self._trial, self._limits)
        return Verdict("B")

    async def close(self) -> None:
        """End every session, the zygote and all upkeep; nothing of them is left when this returns."""
        await self.end_sessions()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._zygote is not None:
            self._zygote.close()
        await self._clear_groups()
        if self._cgroups is not None:
            self._cgroups.close()

    async def end_sessions(self) -> None:
        """End all sessions, and any that is still being made; their runs end with an event that says so."""
        self._closing = True
        for session in list(self._live.values()):
            session.kill(Limit.SESSION_ENDED)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_over(), 5)

    async def _all_over(self) -> None:
        for session in list(self._live.values()):
            await session.over.wait()

    # sessions

    async def start_session(
        self, identifier: str, name: str | None, timeout_seconds: int, client_token: str | None
    ) -> Record:
        """A new session, or the one that this client token has made already.

        Raises AccessDeniedException where code can't be confined, ServiceQuotaExceededException,
        ValidationException for a token used with other arguments, InternalServerException.
        """
        if self.verdict.tier is None:
            raise AccessDeniedException(f"No code is run here: {self.verdict.reason} {self.verdict.remedy}")
        if client_token is None:
            return await self._start_record(identifier, name, timeout_seconds, None)
        key = (identifier, client_token)
        known = self._tokens.get(key)
        if known is None:
            known = asyncio.ensure_future(self._start_record(identifier, name, timeout_seconds, client_token))
            self._tokens[key] = known
        try:
            record = await asyncio.shield(known)
        except Exception:
            self._tokens.pop(key, None)
            raise
        if (record.name, record.timeout_seconds) != (name, timeout_seconds):
            raise ValidationException(
                "This clientToken was used with other arguments.", reason="IdempotentParameterMismatchException"
            )
        return record

    async def _start_record(
        self, identifier: str, name: str | None, timeout_seconds: int, client_token: str | None
    ) -> Record:
        if self.alive + self._starting >= self._settings.max_sessions:
            raise ServiceQuotaExceededException(
                f"{self._settings.max_sessions} sessions are alive, as many as this server allows: stop one first."
            )
        self._starting += 1
        try:
            session = self._take_warm() or await self._make(self._limits)
        except ZygoteFailed as error:
            log.error("no session could be made: %s", error)
            raise InternalServerException(f"The session could not be started: {error}") from error
        finally:
            self._starting -= 1
        session.touch()
        now = datetime.now(UTC)
        record = Record(identifier, session.id, name, timeout_seconds, client_token, now, now, session)
        self._records[session.id] = record
        self._taken.add(session.id)
        self._forget_old_records()
        session.live_for(timeout_seconds)
        return record

    def find(self, identifier: str, session_id: str) -> Record:
        """A session that lives or lived lately. Raises ResourceNotFoundException."""
        record = self._records.get(session_id)
        if record is None or record.identifier != identifier:
            raise ResourceNotFoundException(f"There is no session {session_id}.")
        return record

    def find_live(self, identifier: str, session_id: str) -> Session:
        """A session that can be used. Raises ResourceNotFoundException."""
        session = self.find(identifier, session_id).session
        if session is None:
            raise ResourceNotFoundException(f"The session {session_id} has ended: start a new one.")
        return session

    def records(self, identifier: str, status: str | None) -> list[Record]:
        """Sessions under this identifier, newest first."""
        found = [record for record in self._records.values() if record.identifier == identifier]
        return [record for record in reversed(found) if status is None or record.status == status]

    async def stop_session(self, identifier: str, session_id: str) -> Record:
        """End a session and wait until nothing of it is left. Raises ResourceNotFoundException."""
        record = self.find(identifier, session_id)
        if record.session is not None:
            session = record.session
            session.kill(Limit.SESSION_ENDED)
            await session.over.wait()
        return record

    @property
    def alive(self) -> int:
        """How many sessions clients have."""
        return len(self._taken)

    @property
    def ready(self) -> int:
        """How many sessions wait for whoever asks next."""
        return len(self._warm)

    def _take_warm(self) -> Session | None:
        """A session that is ready, if there is one."""
        if not self._warm:
            return None
        self._wanted.set()
        return self._warm.pop(0)

    async def _make(self, limits: Limits) -> Session:
        zygote = await self._warm_zygote()
        session_id = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=")
        slot = self._slots.pop()
        self._slot_of[session_id] = slot
        try:
            host_id = self._settings.uid_base + slot
            nice = 0 if self._cgroups is not None and self._cgroups.share_processors else _NICE
            session = await make_session(
                session_id,
                host_id,
                nice,
                limits,
                self._bounds,
                zygote,
                self._cgroups,
                self._in_use.set,
                self._session_over,
            )
        except BaseException:
            self._free_slot(session_id)
            raise
        if self._closing:
            session.kill(Limit.SESSION_ENDED)
        self._live[session_id] = session
        self._watched[session_id] = limits.memory_bytes
        if session.has_died:
            # Reported before anybody knew of it. What is left of it is given back as with any other end.
            session.ended(-signal.SIGKILL)
            raise ZygoteFailed("the session ended at once")
        if not zygote.alive:
            # Lost since it has made this one, which was not among those that could be told so.
            session.orphaned()
            raise ZygoteFailed("the zygote has ended")
        return session

    async def _warm_zygote(self) -> ZygoteProcess:
        """The zygote; started anew if it was lost, as soon as nothing of the lost one's sessions is left."""
        async with self._zygote_lock:
            if self._zygote is None or not self._zygote.alive:
                if self._zygote is not None:
                    self._zygote.close()
                    await self._all_over()
                self._zygote = ZygoteProcess(
                    self._settings.python, self._session_exited, self._zygote_gone, preload=self._settings.preload
                )
                await self._zygote.start()
            return self._zygote

    @contextlib.asynccontextmanager
    async def _trial(self, limits: Limits) -> AsyncIterator[Session]:
        """A session that no client knows of, for the self-test."""
        session = await self._make(limits)
        try:
            yield session
        finally:
            session.kill(Limit.SESSION_ENDED)
            await session.over.wait()

    # what happens by itself

    def _session_exited(self, session_id: str, status: int) -> None:
        session = self._live.get(session_id)
        if session is not None:
            session.ended(status)

    def _zygote_gone(self) -> None:
        """All sessions end with it, a moment later; nobody is left to report them."""
        self._warm.clear()
        self._wanted.set()
        for session in list(self._live.values()):
            session.orphaned()

    def _session_over(self, session: Session) -> None:
        self._live.pop(session.id, None)
        self._taken.discard(session.id)
        if session in self._warm:
            self._warm.remove(session)
            self._wanted.set()
        self._watched.pop(session.id, None)
        self._free_slot(session.id)
        record = self._records.get(session.id)
        if record is not None:
            record.session = None
            record.updated_at = datetime.now(UTC)
        if session.group is not None and not session.group.remove():
            self._groups_to_remove.append(session.group)

    def _free_slot(self, session_id: str) -> None:
        self._slots.add(self._slot_of.pop(session_id))

    def _forget_old_records(self) -> None:
        ended = [record for record in self._records.values() if record.session is None]
        for record in ended[: max(0, len(ended) - _KEPT_RECORDS)]:
            del self._records[record.session_id]
            if record.client_token is not None:
                self._tokens.pop((record.identifier, record.client_token), None)

    async def _upkeep(self) -> None:
        """End idle sessions, and remove cgroups that were still being left when their session ended."""
        while True:
            await asyncio.sleep(_UPKEEP_SECONDS)
            oldest = time.monotonic() - self._settings.session_idle_seconds
            for session in list(self._live.values()):
                idle_since = session.idle_since
                if session not in self._warm and idle_since is not None and idle_since < oldest:
                    session.kill(Limit.SESSION_ENDED)
            self._end_over_memory()
            self._groups_to_remove = [group for group in self._groups_to_remove if not group.remove()]

    async def _keep_warm(self) -> None:
        """Have sessions ready that nobody has asked for yet. Where none can be made, who asks is told why."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while len(self._warm) < self._settings.warm_sessions and not self._closing:
                try:
                    self._warm.append(await self._make(self._limits))
                except ZygoteFailed as error:
                    log.warning("no session could be kept ready: %s", error)
                    await asyncio.sleep(PAUSE_S)

    async def _watch_memory(self) -> None:
        """Look often while code may run. Else it is enough that the upkeep does."""
        while True:
            await self._in_use.wait()
            await asyncio.sleep(watchdog.INTERVAL_SECONDS)
            self._end_over_memory()
            if not any(self._may_grow(session) for session in self._live.values()):
                self._in_use.clear()

    def _may_grow(self, session: Session) -> bool:
        """Whether memory could run out by what this session does. Where the kernel bounds it, what is left of a run or
        a task does no harm.
        """
        return session not in self._warm and (session.group is None or session.idle_since is None)

    def _end_over_memory(self) -> None:
        """End sessions over their memory: in tier A once the kernel has killed any process of theirs for it."""
        for session_id, session in list(self._live.items()):
            if session in self._warm:
                continue  # no code has run in it
            if session.group is not None:
                over = session.group.memory_kills() > 0
            else:
                over = watchdog.exceeds(session.pid, self._watched[session_id])
            if over:
                session.kill(Limit.MEMORY)

    async def _clear_groups(self) -> None:
        """A cgroup can be busy for a moment after its last process was reaped."""
        for _ in range(50):
            self._groups_to_remove = [group for group in self._groups_to_remove if not group.remove()]
            if not self._groups_to_remove:
                return
            await asyncio.sleep(0.02)
