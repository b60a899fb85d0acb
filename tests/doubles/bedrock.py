"""A double of Bedrock's ConverseStream that an unmodified boto3 client talks to.

What each model answers is scripted step by step, faults included. It runs in a thread on a free port of the
loopback; a stall is held until the test lets it go, so no test has to sleep.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

CONTENT_TYPE = "application/vnd.amazon.eventstream"


@dataclass(frozen=True)
class Say:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True)
class End:
    """The regular end: `messageStop`, then `metadata`."""

    reason: str = "end_turn"
    input_tokens: int = 11
    output_tokens: int = 7


@dataclass(frozen=True)
class Refuse:
    """An HTTP error instead of an answer; only as the first step."""

    status: int
    code: str
    message: str = "no"


@dataclass(frozen=True)
class Fail:
    """An exception within the stream."""

    code: str
    message: str = "no"


@dataclass(frozen=True)
class Break:
    """The connection goes away in the middle of a frame."""


@dataclass(frozen=True)
class Vanish:
    """The stream ends at a frame's border, properly closed, but without `messageStop`."""


@dataclass
class Stall:
    """Nothing more comes until `release` is set; `reached` says that the client waits by now."""

    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


THROTTLED = Refuse(429, "ThrottlingException", "Too many requests")
DENIED = Refuse(403, "AccessDeniedException", "arn:aws:iam::123456789012:user/somebody is not authorized")
EXPIRED = Refuse(403, "ExpiredTokenException", "The security token included in the request is expired")
END_OF_LIFE = Refuse(404, "ResourceNotFoundException", "This model version has reached the end of its life.")

Step = Say | End | Refuse | Fail | Break | Vanish | Stall


@dataclass
class Bedrock:
    """The double. `script` what a model answers; look at `asked` for what came."""

    url: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Model id and body of each request, in order."""
    _scripts: dict[str, list[list[Step]]] = field(default_factory=dict)
    _stalls: list[Stall] = field(default_factory=list)

    def script(self, model: str, *steps: Step) -> None:
        """What this model does at its next request; a model's last script serves all further ones too."""
        self._scripts.setdefault(model, []).append(list(steps))
        self._stalls += [step for step in steps if isinstance(step, Stall)]

    def models_asked(self) -> list[str]:
        """Ids in the order of the requests."""
        return [model for model, _ in self.asked]

    def _next(self, model: str) -> list[Step]:
        scripts = self._scripts.get(model)
        if not scripts:
            return [Refuse(404, "ResourceNotFoundException", f"no script for {model}")]
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    def release_all(self) -> None:
        """Let every stall go."""
        for stall in self._stalls:
            stall.release.set()

    def app(self) -> FastAPI:
        """The HTTP side."""
        app = FastAPI()

        @app.post("/model/{model:path}/converse-stream")
        async def converse_stream(model: str, request: Request) -> Response:
            self.asked.append((model, await request.json()))
            steps = self._next(model)
            if isinstance(first := steps[0], Refuse):
                return Response(
                    json.dumps({"message": first.message}),
                    status_code=first.status,
                    headers={"x-amzn-errortype": first.code},
                    media_type="application/json",
                )
            return StreamingResponse(_frames(steps), media_type=CONTENT_TYPE)

        return app


async def _frames(steps: list[Step]) -> AsyncIterator[bytes]:
    yield event("messageStart", {"role": "assistant"})
    for step in steps:
        match step:
            case Say(text):
                yield event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})
            case End(reason, inputs, outputs):
                usage = {"inputTokens": inputs, "outputTokens": outputs, "totalTokens": inputs + outputs}
                yield event("contentBlockStop", {"contentBlockIndex": 0})
                yield event("messageStop", {"stopReason": reason})
                yield event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})
            case Fail(code, message):
                yield frame({":exception-type": code, ":message-type": "exception"}, {"message": message})
            case Break():
                yield event("contentBlockDelta", {"delta": {"text": "lost"}})[:20]
                raise ConnectionAbortedError
            case Vanish():
                return
            case Stall():
                step.reached.set()
                await asyncio.to_thread(step.release.wait)


def event(kind: str, payload: dict[str, Any]) -> bytes:
    """One event of the stream."""
    return frame({":event-type": kind, ":message-type": "event"}, payload)


def frame(headers: dict[str, str], payload: dict[str, Any]) -> bytes:
    """A frame of AWS's event stream: lengths, their CRC, headers, payload, CRC of all."""
    encoded = b"".join(_header(name, value) for name, value in {**headers, ":content-type": "application/json"}.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(encoded) + len(body), len(encoded))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + encoded + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


@contextmanager
def running_bedrock() -> Iterator[Bedrock]:
    """The double on a free port, until the block ends."""
    double = Bedrock()
    listener = socket.create_server(("127.0.0.1", 0))
    double.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    started = threading.Event()
    server = uvicorn.Server(uvicorn.Config(double.app(), log_level="critical", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    startup = server.startup

    async def announced(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = announced  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        if not started.wait(20):
            raise RuntimeError("the double of Bedrock did not start")
        yield double
    finally:
        double.release_all()
        server.should_exit = True
        thread.join(20)
        listener.close()
