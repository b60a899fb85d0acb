"""A double of AWS's AgentCore Code Interpreter: it answers only as AWS does, and really runs the code.

It stands in front of a sandbox server of ours and takes away what AWS lacks. A run answers with one `result` when it
has ended, however live it was asked for; whoever hangs up does not end it; nothing says which limit was reached; a
folder's listing has no sizes; there is no `/healthz`, and no header of ours does anything. What is left is what was
recorded of AWS: `structuredContent`, `file:///name`, its names of errors.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer
from fastapi import FastAPI, Request, Response

from tests.doubles.bedrock import frame

SESSION_HEADER = "x-amzn-code-interpreter-session-id"
PASSED_ON = (SESSION_HEADER, "content-type", "accept")
"""Of a request; the rest, ours above all, AWS does not know."""


@dataclass
class AgentCore:
    """The double. `calls` has the names of the tools that were invoked, in order."""

    upstream: str
    credentials: Credentials
    url: str = ""
    calls: list[str] = field(default_factory=list)
    _runs: set[asyncio.Task[httpx.Response]] = field(default_factory=set)

    def app(self) -> FastAPI:
        """The HTTP side."""
        app = FastAPI()
        client = httpx.AsyncClient(timeout=httpx.Timeout(300), trust_env=False, verify=False)

        @app.api_route("/code-interpreters/{rest:path}", methods=["GET", "PUT", "POST"])
        async def everything(rest: str, request: Request) -> Response:
            body = await request.body()
            # In a task of its own: the run goes on when its client has gone.
            sending = asyncio.create_task(client.send(self._signed(request, body)))
            self._runs.add(sending)
            sending.add_done_callback(self._runs.discard)
            answer = await asyncio.shield(sending)
            headers = {
                name: answer.headers[name]
                for name in ("content-type", SESSION_HEADER, "x-amzn-errortype")
                if name in answer.headers
            }
            content = answer.content
            if rest.endswith("tools/invoke"):
                self.calls.append(json.loads(body)["name"])
                if answer.status_code == 200:
                    content = _one_result(content)
            return Response(content, answer.status_code, headers)

        return app

    def _signed(self, request: Request, body: bytes) -> httpx.Request:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        address = self.upstream + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        signed = AWSRequest(method=request.method, url=address, data=body, headers=headers)
        SigV4Auth(self.credentials, "bedrock-agentcore", "us-west-2").add_auth(signed)
        return httpx.Request(request.method, address, content=body, headers=dict(signed.headers.items()))


def _one_result(content: bytes) -> bytes:
    """All `result` events as the one that AWS sends; an exception in the stream stays what it is."""
    buffer = EventStreamBuffer()
    buffer.add_data(content)
    results: list[dict[str, Any]] = []
    for event in buffer:
        if event.headers.get(":message-type") == "exception":
            return content
        results.append(json.loads(event.payload))
    return frame({":event-type": "result", ":message-type": "event"}, _as_aws_has_it(results))


def _as_aws_has_it(results: list[dict[str, Any]]) -> dict[str, Any]:
    blocks = [_block(block) for result in results for block in result["content"] if block.get("name") not in OURS]
    structured = results[-1].get("structuredContent")
    if structured is None:
        return {"content": blocks, "isError": any(result["isError"] for result in results)}
    assert len(results) == 1, "a run was sent live, though nobody asked for it"
    own = [block["text"] for block in results[-1]["content"] if block.get("name") in OURS]
    stderr = structured["stderr"]
    for sentence in own:
        stderr = stderr.removesuffix("\n").removesuffix(sentence)
    names = ("stdout", "exitCode", "executionTime", "taskId", "taskStatus")
    kept = {name: structured[name] for name in names if name in structured}
    return {"content": blocks, "structuredContent": {**kept, "stderr": stderr}, "isError": results[-1]["isError"]}


OURS = ("run-ended", "limit-reached")


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """A content block without what only ours says."""
    if block["type"] == "resource_link":
        return {name: block[name] for name in ("type", "mimeType", "uri", "name", "description")}
    if block["type"] == "resource":
        return {"type": "resource", "resource": block["resource"]}
    return {"type": block["type"], "text": block.get("text", "")}


@contextmanager
def running_agentcore(upstream: str, access_key_id: str, secret: str) -> Iterator[AgentCore]:
    """The double on a free port, in front of a sandbox server, until the block ends."""
    double = AgentCore(upstream, Credentials(access_key_id, secret))
    listener = socket.create_server(("127.0.0.1", 0))
    double.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(double.app(), log_level="critical", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield double  # connections wait in the listener's queue until it has started
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
