"""A double of Ollama, of OpenAI's API and of Anthropic's, for their unmodified clients, with the steps of Bedrock's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from tests.doubles.bedrock import Break, End, Refuse, Say, Stall, Step, Use, Vanish
from tests.doubles.serving import serving

Writer = Callable[[Step], list[bytes]]

INPUTS, OUTPUTS = 11, 7


@dataclass
class ModelServers:
    """The double. `script` what a model answers; look at `asked` for what came."""

    url: str = ""
    asked: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    """Path, body and headers of each request, in order."""
    _scripts: dict[str, list[list[Step]]] = field(default_factory=dict)

    def script(self, model: str, *steps: Step) -> None:
        """What this model does at its next request; a model's last script serves all further ones too."""
        self._scripts.setdefault(model, []).append(list(steps))

    def release_all(self) -> None:
        """Let every stall go."""
        for scripts in self._scripts.values():
            for step in (step for steps in scripts for step in steps):
                if isinstance(step, Stall):
                    step.release.set()

    def app(self) -> FastAPI:
        """The HTTP side of all three."""
        app = FastAPI()
        kinds: dict[str, tuple[Callable[[], bytes], Writer, str]] = {
            "/api/chat": (lambda: b"", _ollama, "application/x-ndjson"),
            "/v1/chat/completions": (lambda: b"", _openai, "text/event-stream"),
            "/v1/messages": (_anthropic_begin, _anthropic, "text/event-stream"),
        }

        @app.post("/{path:path}")
        async def answer(path: str, request: Request) -> Response:
            body = await request.json()
            self.asked.append((f"/{path}", body, dict(request.headers)))
            begin, write, kind = kinds[f"/{path}"]
            scripts = self._scripts.get(body["model"], [[Refuse(404, "not_found")]])
            steps = scripts.pop(0) if len(scripts) > 1 else scripts[0]
            if isinstance(first := steps[0], Refuse):
                error = {"error": {"message": first.message, "type": first.code, "code": first.code}, "type": "error"}
                return Response(json.dumps(error), first.status, media_type="application/json")
            return StreamingResponse(_stream(begin, write, steps), media_type=kind)

        return app


async def _stream(begin: Callable[[], bytes], write: Writer, steps: list[Step]) -> AsyncIterator[bytes]:
    if begun := begin():
        yield begun
    for step in steps:
        match step:
            case Break():
                yield b'data: {"half'
                raise ConnectionAbortedError
            case Vanish():
                return
            case Stall():
                step.reached.set()
                await asyncio.to_thread(step.release.wait)
            case _:
                for piece in write(step):
                    yield piece


def _ollama(step: Step) -> list[bytes]:
    def line(message: dict[str, Any], **more: Any) -> bytes:
        about = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", **message}}
        return json.dumps({**about, "done": False, **more}).encode() + b"\n"

    match step:
        case Say(text):
            return [line({"content": text})]
        case Use(tool, arguments):
            return [line({"content": "", "tool_calls": [{"function": {"name": tool, "arguments": arguments}}]})]
        case End(reason):
            reason = {"end_turn": "stop", "max_tokens": "length", "tool_use": "stop"}[reason]
            counts = {"prompt_eval_count": INPUTS, "eval_count": OUTPUTS, "total_duration": 1, "eval_duration": 1}
            return [line({"content": ""}, done=True, done_reason=reason, **counts)]
    raise NotImplementedError(step)


def _openai(step: Step) -> list[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _data({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})

    match step:
        case Say(text):
            return [chunk({"role": "assistant", "content": text})]
        case Use(tool, arguments, id_):
            call = {"index": 0, "id": id_, "type": "function", "function": {"name": tool, "arguments": ""}}
            rest = {"index": 0, "function": {"arguments": json.dumps(arguments)}}
            return [chunk({"tool_calls": [call]}), chunk({"tool_calls": [rest]})]
        case End(reason):
            names = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
            usage = {"prompt_tokens": INPUTS, "completion_tokens": OUTPUTS, "total_tokens": INPUTS + OUTPUTS}
            last = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
            return [chunk({}, names.get(reason, reason)), _data({**last, "usage": usage}), b"data: [DONE]\n\n"]
    raise NotImplementedError(step)


def _anthropic_begin() -> bytes:
    usage = {"input_tokens": INPUTS, "output_tokens": 0}
    about = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}
    return _event({"type": "message_start", "message": {**about, "stop_sequence": None, "usage": usage}}) + _event(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    )


def _anthropic(step: Step) -> list[bytes]:
    match step:
        case Say(text):
            delta = {"type": "text_delta", "text": text}
            return [_event({"type": "content_block_delta", "index": 0, "delta": delta})]
        case End(reason):
            delta = {"stop_reason": reason, "stop_sequence": None}
            return [
                _event({"type": "content_block_stop", "index": 0}),
                _event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": OUTPUTS}}),
                _event({"type": "message_stop"}),
            ]
    raise NotImplementedError(step)


def _data(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _event(value: dict[str, Any]) -> bytes:
    return f"event: {value['type']}\n".encode() + _data(value)


@contextmanager
def running_model_servers() -> Iterator[ModelServers]:
    """The double on a free port, until the block ends."""
    double = ModelServers()
    with serving(double.app(), before_end=double.release_all) as url:
        double.url = url
        yield double
