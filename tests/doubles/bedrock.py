"""A double of Bedrock's ConverseStream that an unmodified boto3 client talks to.

What each model answers is scripted step by step, faults included: a script for each request, or a player that reads
the request and answers to it. It runs in a thread on a free port of the loopback; a stall is held until the test
lets it go, so no test has to sleep.
"""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from tests.doubles.serving import serving

CONTENT_TYPE = "application/vnd.amazon.eventstream"


@dataclass(frozen=True)
class Say:
    """A piece of the answer's text, `after_s` seconds after what came before it."""

    text: str
    after_s: float = 0


@dataclass(frozen=True)
class Think:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True)
class Use:
    """The model calls a tool; its input streams in pieces of `piece` characters of JSON. End with `End("tool_use")`."""

    tool: str
    input: dict[str, Any]
    id: str = "tooluse_1"
    piece: int = 7


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
    """Nothing more comes until `release` is set; `reached` says that the client waits by now. With `headers`, as the
    first step, not even the answer's status line does.
    """

    headers: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


THROTTLED = Refuse(429, "ThrottlingException", "Too many requests")
DENIED = Refuse(403, "AccessDeniedException", "arn:aws:iam::123456789012:user/somebody is not authorized")
EXPIRED = Refuse(403, "ExpiredTokenException", "The security token included in the request is expired")
END_OF_LIFE = Refuse(404, "ResourceNotFoundException", "This model version has reached the end of its life.")

Step = Say | Think | Use | End | Refuse | Fail | Break | Vanish | Stall

Player = Callable[[dict[str, Any]], list[Step]]
"""Reads the body of a request and says what the model does."""


@dataclass
class Bedrock:
    """The double. `script` what a model answers; look at `asked` for what came."""

    url: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Model id and body of each request, in order."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """The headers of each, such as who signed it."""
    _scripts: dict[str, list[list[Step]]] = field(default_factory=dict)
    _players: dict[str, Player] = field(default_factory=dict)
    _stalls: list[Stall] = field(default_factory=list)

    def script(self, model: str, *steps: Step) -> None:
        """What this model does at its next request; a model's last script serves all further ones too."""
        self._scripts.setdefault(model, []).append(list(steps))
        self._stalls += [step for step in steps if isinstance(step, Stall)]

    def play(self, model: str, player: Player) -> None:
        """Answer each request for this model by what it holds, as where a turn depends on a tool's result."""
        self._players[model] = player

    def models_asked(self) -> list[str]:
        """Ids in the order of the requests."""
        return [model for model, _ in self.asked]

    def _next(self, model: str, body: dict[str, Any]) -> list[Step]:
        if model in self._players:
            return self._players[model](body)
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
            body = await request.json()
            self.asked.append((model, body))
            self.headers.append(dict(request.headers))
            steps = list(self._next(model, body))
            self._stalls += [step for step in steps if isinstance(step, Stall)]
            if isinstance(first := steps[0], Stall) and first.headers:
                await _hold(first)
                steps.pop(0)
            if steps and isinstance(first := steps[0], Refuse):
                return Response(
                    json.dumps({"message": first.message}),
                    status_code=first.status,
                    headers={"x-amzn-errortype": first.code},
                    media_type="application/json",
                )
            return StreamingResponse(_frames(steps), media_type=CONTENT_TYPE)

        @app.post("/")
        async def assume_role() -> Response:
            """What the token service answers to AssumeRole: keys of a role, for an hour."""
            until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            return Response(ASSUMED.format(until=until), media_type="text/xml")

        return app


ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAOFTHEROLE</AccessKeyId><SecretAccessKey>y</SecretAccessKey><SessionToken>token-of-the-role</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def results_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of tools that a request brings, oldest first: a player counts them to know its turn."""
    return [block["toolResult"] for said in body["messages"] for block in said["content"] if "toolResult" in block]


async def _hold(stall: Stall) -> None:
    stall.reached.set()
    await asyncio.to_thread(stall.release.wait)


async def _frames(steps: list[Step]) -> AsyncIterator[bytes]:
    yield event("messageStart", {"role": "assistant"})
    block = _Block()
    for step in steps:
        match step:
            case Say(text, after_s):
                if after_s:
                    await asyncio.sleep(after_s)
                yield block.delta("text", {"text": text})
            case Think(text):
                yield block.delta("reasoning", {"reasoningContent": {"text": text}})
            case Use():
                yield block.tool(step)
            case End(reason, inputs, outputs):
                usage = {"inputTokens": inputs, "outputTokens": outputs, "totalTokens": inputs + outputs}
                yield block.close()
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
                await _hold(step)


class _Block:
    """The block of the answer that is being written; another kind of piece begins another."""

    def __init__(self) -> None:
        self._index = 0
        self._kind = ""

    def delta(self, kind: str, delta: dict[str, Any]) -> bytes:
        before = self.close() if self._kind not in ("", kind) else b""
        self._kind = kind
        return before + event("contentBlockDelta", {"contentBlockIndex": self._index, "delta": delta})

    def tool(self, use: Use) -> bytes:
        frames = [self.close()]
        start = {"toolUse": {"toolUseId": use.id, "name": use.tool}}
        frames.append(event("contentBlockStart", {"contentBlockIndex": self._index, "start": start}))
        text = json.dumps(use.input)
        for place in range(0, len(text), use.piece):
            frames.append(self.delta("tool", {"toolUse": {"input": text[place : place + use.piece]}}))
        return b"".join([*frames, self.close()])

    def close(self) -> bytes:
        if not self._kind:
            return b""
        index, self._index, self._kind = self._index, self._index + 1, ""
        return event("contentBlockStop", {"contentBlockIndex": index})


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
    with serving(double.app(), before_end=double.release_all) as url:
        double.url = url
        yield double
