"""The `result` events of tools: what a run printed and how it ended, and files as content blocks.

A run ends in exactly one event whose taskStatus is `completed` or `failed`; live events before it say `working`. Bytes
are base64 in the JSON, and an event must stay under what clients accept.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from sandbox.wire.eventstream import MAX_PAYLOAD_BYTES, encode_event

MAX_PART_BYTES: Final = 12 * 1024 * 1024
"""Bytes of a file in one event: JSON and base64 may make them twice as long."""
assert MAX_PART_BYTES * 2 <= MAX_PAYLOAD_BYTES

Result = dict[str, Any]
Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Why:
    """A text block of its own beside a run's output; its sentence is the last line of stderr too."""

    name: Literal["run-ended", "limit-reached"]
    reason: str
    sentence: str


def task(
    task_id: str, status: str, texts: Mapping[Stream, str], exit_code: int | None = None, seconds: float | None = None
) -> Result:
    """What is known of a command in the background; `exit_code` and `seconds` once it has ended."""
    structured: dict[str, Any] = {
        "taskId": task_id,
        "taskStatus": status,
        "stdout": texts["stdout"],
        "stderr": texts["stderr"],
    }
    if exit_code is not None:
        structured["exitCode"] = exit_code
    if seconds is not None:
        structured["executionTime"] = round(seconds, 4)
    text = texts["stdout"] + texts["stderr"] or f"The task {task_id} is {status}."
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": structured,
        "isError": status == "failed",
    }


def result_event(result: Result) -> bytes:
    """A `result` event, encoded."""
    return encode_event("result", result)


def message(text: str, *, is_error: bool = False) -> Result:
    """A result that is a sentence."""
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def working(stdout: str, stderr: str) -> Result:
    """A live event: output as it came. Both empty: a sign of life."""
    return {
        "content": [{"type": "text", "text": stdout + stderr}],
        "structuredContent": {"taskStatus": "working", "stdout": stdout, "stderr": stderr},
        "isError": False,
    }


def question(question_id: str, prompt: str, *, password: bool) -> Result:
    """A live event: the code asks, and waits until `answerInput` names the question."""
    name = "password-requested" if password else "input-requested"
    return {
        "content": [{"type": "text", "text": prompt, "name": name, "description": question_id}],
        "structuredContent": {"taskStatus": "working", "stdout": "", "stderr": ""},
        "isError": False,
    }


def ended(stdout: str, stderr: str, exit_code: int, seconds: float, why: Why | None) -> Result:
    """The last event of a run; `why` if the server ended it, or if it raised for a limit that it had reached."""
    content = [{"type": "text", "text": stdout + stderr}]
    if why is not None:
        stderr = f"{stderr}{why.sentence}\n"
        content.append({"type": "text", "text": why.sentence, "name": why.name, "description": why.reason})
    failed = exit_code != 0 or why is not None
    return {
        "content": content,
        "structuredContent": {
            "taskStatus": "failed" if failed else "completed",
            "stdout": stdout,
            "stderr": stderr,
            "exitCode": exit_code,
            "executionTime": round(seconds, 4),
        },
        "isError": failed,
    }


def _uri(path: str) -> str:
    return "file:///" + quote(path)


def entry(path: str, *, folder: bool, size: int) -> dict[str, Any]:
    """A `resource_link` of a folder's listing; `path` is relative to the work folder."""
    mime = "inode/directory" if folder else mimetypes.guess_type(path)[0] or "application/octet-stream"
    return {
        "type": "resource_link",
        "uri": _uri(path),
        "name": path.rsplit("/", 1)[-1],
        "mimeType": mime,
        "description": "Directory" if folder else "File",
        "size": size,
    }


def _as_text(path: str, data: bytes) -> str | None:
    """The file as text if it is one: by its name where that says so, and only if nothing gets lost."""
    mime = mimetypes.guess_type(path)[0]
    textual = mime is None or mime.startswith("text/") or mime.endswith(("json", "xml", "javascript", "x-sh", "yaml"))
    if not textual or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def resource(path: str, data: bytes) -> dict[str, Any]:
    """A whole file as a `resource` block."""
    text = _as_text(path, data)
    mime = mimetypes.guess_type(path)[0] or ("application/octet-stream" if text is None else "text/plain")
    body = {"type": "blob", "blob": _base64(data)} if text is None else {"type": "text", "text": text}
    return {"type": "resource", "resource": {"uri": _uri(path), "mimeType": mime, **body}}


def resource_parts(path: str, data: bytes) -> Iterator[dict[str, Any]]:
    """A file too long for one event as several blobs, each saying which part of how many it is."""
    mime = mimetypes.guess_type(path)[0] or "application/octet-stream"
    starts = range(0, len(data), MAX_PART_BYTES)
    for number, start in enumerate(starts, 1):
        blob = _base64(data[start : start + MAX_PART_BYTES])
        yield {
            "type": "resource",
            "name": path,
            "size": len(data),
            "description": f"part {number} of {len(starts)}",
            "resource": {"type": "blob", "uri": _uri(path), "mimeType": mime, "blob": blob},
        }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def file_events(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """`result` events with these files: all in one if they fit, for some clients read the first event alone."""
    blocks: list[dict[str, Any]] = []
    filled = 0
    for path, data in files:
        if filled + len(data) > MAX_PART_BYTES and blocks:
            yield result_event({"content": blocks, "isError": False})
            blocks, filled = [], 0
        if len(data) > MAX_PART_BYTES:
            for part in resource_parts(path, data):
                yield result_event({"content": [part], "isError": False})
        else:
            blocks.append(resource(path, data))
            filled += len(data)
    if blocks:
        yield result_event({"content": blocks, "isError": False})
