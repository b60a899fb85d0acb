"""The streamed answer of a run: live events if the client asked for them, one event at the end if not.

The response's head goes out at once: a client whose read timeout strikes before any byte came would send the code
again. A client that hangs up interrupts its run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Final

from starlette.types import Receive, Scope, Send

from sandbox.sessions.run import Limit, Run, RunEnd
from sandbox.sessions.session import Session
from sandbox.wire import eventstream, results

LIVE_HEADER: Final = "x-sandbox-live-output"
INPUT_HEADER: Final = "x-sandbox-live-input"
TIMEOUT_HEADER: Final = "x-sandbox-timeout-seconds"
SESSION_HEADER: Final = "x-amzn-code-interpreter-session-id"
_COALESCE_SECONDS: Final = 0.02
_SIGN_OF_LIFE_SECONDS: Final = 10.0


class RunResponse:
    """An ASGI response that belongs to one run."""

    def __init__(self, session: Session, run: Run, *, live: bool) -> None:
        self._session = session
        self._run = run
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the run has ended or the client has gone."""
        streaming = asyncio.create_task(self._stream(send))
        listening = asyncio.create_task(_hang_up(receive))
        try:
            await asyncio.wait({streaming, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            finished = streaming.done()
            for task in (streaming, listening):
                task.cancel()
            await asyncio.gather(streaming, listening, return_exceptions=True)
            if not finished:
                self._run.abandoned.set()
                if self._session.run is self._run:
                    self._session.interrupt(Limit.INTERRUPTED)

    async def _stream(self, send: Send) -> None:
        headers = [
            (b"content-type", eventstream.CONTENT_TYPE.encode()),
            (SESSION_HEADER.encode(), self._session.id.encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        async for event in self._events():
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncIterator[bytes]:
        if self._live:
            async for event in self._live_events():
                yield event
        await self._run.ended.wait()
        end = self._run.end
        assert end is not None
        texts = {"stdout": "", "stderr": ""}
        for stream, text in self._run.output.take():
            texts[stream] += text
        yield results.result_event(
            results.ended(texts["stdout"], texts["stderr"], end.exit_code, end.seconds, _why(end))
        )

    async def _live_events(self) -> AsyncIterator[bytes]:
        while not self._run.ended.is_set():
            if not await self._run.changed(_SIGN_OF_LIFE_SECONDS):
                yield results.result_event(results.working("", ""))
            if self._run.asked is not None:
                for event in self._printed():
                    yield event
                question, self._run.asked = self._run.asked, None
                yield results.result_event(results.question(question.id, question.prompt, password=question.password))
            if self._run.ended.is_set() or not self._run.output.waiting:
                continue
            # Wait a little for more, but not past the end of the run.
            try:
                await asyncio.wait_for(self._run.ended.wait(), _COALESCE_SECONDS)
            except TimeoutError:
                for event in self._printed():
                    yield event

    def _printed(self) -> Iterator[bytes]:
        """What was printed and is not sent yet."""
        for stream, text in self._run.output.take():
            pieces = (text, "") if stream == "stdout" else ("", text)
            yield results.result_event(results.working(*pieces))


def _why(end: RunEnd) -> results.Why | None:
    if end.limit is not None:
        return results.Why("run-ended", end.limit.value, end.sentence)
    if end.reached is not None:
        return results.Why("limit-reached", end.reached.value, end.sentence)
    return None


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
