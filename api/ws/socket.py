"""One socket: a task that hears what the client says and answers it, and one that sends what happens.

Both wait while the client takes nothing: what it says is not heard meanwhile, and of what happens only positions are
kept, not events. Each message is answered before the next is heard, so answers come in the order of the messages.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, TypeAlias

from pydantic_core import to_json
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.dependencies import Services
from api.hub.feeds import Consumer, JobFeed, SessionFeed
from api.jobs.acting import accept, stop
from api.jobs.acting import answer as give_answer
from api.limits.middleware import refusal
from api.resuming import job_start, session_start
from api.ws.messages import INCOMING, Cancel, Input, Ping, Submit, Subscribe, answer
from api.ws.problems import Malformed, TooManySubscriptions, problem_of, request_id_of
from core.access.principal import Principal
from core.errors import NotFound
from core.idempotency import KeyReused
from core.ids import Prefix, decode
from core.jobs import reading
from core.limits.model import Allowance
from core.sessions import following
from core.sessions import repository as sessions

MOST_SUBSCRIPTIONS = 100
REMEMBERED = 1000
"""Submits whose answers are given again under their `request_id`."""
RESTARTING = 1012
"""Close code (IANA's registry): the service restarts. Connect again, and go on after the last `id`."""


Then: TypeAlias = Callable[[], Awaitable[None]] | None


class Socket:
    """An open socket of somebody who may be there."""

    def __init__(self, websocket: WebSocket, services: Services, principal: Principal) -> None:
        self._websocket = websocket
        self._services = services
        self._principal = principal
        self._tenant = principal.tenant_id
        self._consumer: Consumer
        self._feeds: dict[str, JobFeed | SessionFeed] = {}
        """By the id of the job or the session."""
        self._accepted: OrderedDict[str, tuple[bytes, dict[str, Any]]] = OrderedDict()
        """What was submitted under each `request_id`, and the answer to it."""

    async def serve(self) -> None:
        """Until the client leaves or the process is to stop."""
        hub = self._services.hub
        await self._websocket.accept()
        with hub.consumer() as self._consumer:
            hearing = asyncio.create_task(self._hear(), name="socket-hears")
            hearing.add_done_callback(lambda _: self._consumer.end())
            try:
                await self._tell()
                if hearing.done():
                    hearing.result()  # raises what ended it
            except WebSocketDisconnect:
                pass
            finally:
                hearing.cancel()
                for feed in self._feeds.values():
                    hub.drop(feed)
        if hub.closing and self._websocket.client_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect):  # the server may have said so already
                await self._websocket.close(RESTARTING, "The service restarts: connect again.")

    # --- what happens ---------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        consumer = self._consumer
        while not consumer.over:
            await consumer.wait()
            consumer.beat = False  # the server's own pings are the signs of life
            if consumer.ready and not consumer.over:
                feed = next(iter(consumer.ready))
                del consumer.ready[feed]
                await self._pass_on(feed)

    async def _pass_on(self, feed: JobFeed | SessionFeed) -> None:
        given = await feed.take()
        name = next((name for name, one in self._feeds.items() if one is feed), None)
        if name is None:
            return  # unsubscribed by now
        what = "job_id" if isinstance(feed, JobFeed) else "session_id"
        for id_, frame in given:
            id_part = "" if id_ is None else f'"id":"{id_}",'
            await self._websocket.send_text(
                f'{{"type":"event","{what}":"{name}",{id_part}"event":{frame.line.decode()}}}'
            )
        if feed.over and self._feeds.get(name) is feed:
            self._forget(name)
            await self._say(answer("ended", None, **{what: name}))

    def _forget(self, name: str) -> None:
        feed = self._feeds.pop(name)
        self._consumer.ready.pop(feed, None)
        self._services.hub.drop(feed)

    # --- what is said ---------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            then: Then = None
            try:
                if text is None:
                    raise Malformed("Messages are text, and this one is binary.")
                said, then = await self._heed(text)
            except Exception as error:  # whatever it is, it is the answer to this message alone
                said = answer("problem", request_id_of(text or ""), problem=problem_of(error))
            await self._say(said)
            if then is not None:
                await then()

    async def _say(self, said: dict[str, Any]) -> None:
        await self._websocket.send_text(to_json(said).decode())

    async def _heed(self, text: str) -> tuple[dict[str, Any], Then]:
        """Do what a message wants. Returns the answer, and what is to be done when it was given."""
        message = INCOMING.validate_json(text)
        if isinstance(message, Ping):
            return answer("pong", message.request_id), None
        allowance = await self._allowed()
        if isinstance(message, Submit):
            view = await self._submit(message, allowance, sha256(text.encode()).digest())
            return answer("accepted", message.request_id, job=view), None
        if isinstance(message, Cancel):
            job = await stop(self._services, self._tenant, _id_of(Prefix.JOB, "job", message.job_id))
            return answer("accepted", message.request_id, job=job.view()), None
        if isinstance(message, Input):
            job_id = _id_of(Prefix.JOB, "job", message.job_id)
            view, _ = await give_answer(self._services, self._tenant, job_id, message.request, message.text)
            return answer("answered", message.request_id, **view), None
        if isinstance(message, Subscribe):
            begin = await self._subscribe(message)
            if message.name in self._feeds:  # who subscribes again begins anew
                self._forget(message.name)
            return answer("subscribed", message.request_id, **message.about), begin
        if message.name not in self._feeds:
            raise NotFound("There is no such subscription.")
        self._forget(message.name)
        return answer("unsubscribed", message.request_id, **message.about), None

    async def _allowed(self) -> Allowance:
        """What the client may, a message counting as a request. Raises LimitReached."""
        services = self._services
        allowance = await services.limits.of(self._tenant, self._principal.key_id)
        if allowance.policies:
            decision = await services.rates.take(allowance.policies)
            if not decision.admitted:
                raise refusal(allowance.policies, decision)
        return allowance

    async def _submit(self, message: Submit, allowance: Allowance, digest: bytes) -> dict[str, Any]:
        """The job as it was when it was accepted, which happens once for each `request_id`."""
        before = self._accepted.get(message.request_id)
        if before is None:
            view, _ = await accept(self._services, allowance, message.job, message.idempotency_key)
            before = self._accepted[message.request_id] = digest, view
            if len(self._accepted) > REMEMBERED:
                self._accepted.popitem(last=False)
        elif before[0] != digest:
            raise KeyReused("Another job was submitted under this request_id.", "/request_id")
        return before[1]

    async def _subscribe(self, message: Subscribe) -> Then:
        """Look whether it may be followed from there. Returns what makes the feed."""
        services, tenant, hub = self._services, self._tenant, self._services.hub
        if len(self._feeds) >= MOST_SUBSCRIPTIONS and message.name not in self._feeds:
            raise TooManySubscriptions(f"A socket follows {MOST_SUBSCRIPTIONS} things at most. Unsubscribe from some.")
        after = None if message.after is None else str(message.after)
        if message.job_id is not None:
            job = await reading.head(services.pool, tenant, _id_of(Prefix.JOB, "job", message.job_id))
            start = job_start(job, 0, after)

            async def begin_job() -> None:
                if job.state.terminal and start >= job.last_seq:
                    await self._say(answer("ended", None, **message.about))
                else:
                    self._feeds[message.name] = hub.job_feed(job, self._consumer, start)

            return begin_job
        session_id = _id_of(Prefix.SESSION, "session", message.name)
        session = await sessions.get(services.pool, tenant, session_id)
        arrivals = (await following.standing(services.pool, tenant, session_id)).arrivals
        vector = await session_start(services.pool, session, arrivals, after)

        async def begin_session() -> None:
            self._feeds[message.name] = hub.session_feed(session, arrivals, self._consumer, vector)

        return begin_session


def _id_of(prefix: Prefix, name: str, text: str) -> Any:
    try:
        return decode(prefix, text)
    except ValueError:
        raise NotFound(f"There is no such {name}.") from None
