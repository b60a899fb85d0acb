"""Does the tasks at a service, and makes the table of scores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from evaluation.checks import Answer
from evaluation.tasks import EXAMPLES, Task

WAIT_S = 50
AT_ONCE = 3
"""Tasks under way together."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one task came to."""

    task: Task
    model: str
    missed: tuple[str, ...]
    """What the checks wanted and did not get."""
    checks: int
    seconds: float
    usage: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    """Why there is nothing to check."""

    @property
    def whole(self) -> bool:
        """All that was wanted is there."""
        return not self.missed and not self.problem


async def evaluate(client: httpx.AsyncClient, tasks: Sequence[Task]) -> list[Score]:
    """The scores, in the order of the tasks."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(task: Task) -> Score:
        async with room:
            return await _done(client, task)

    return list(await asyncio.gather(*(one(task) for task in tasks)))


async def _done(client: httpx.AsyncClient, task: Task) -> Score:
    began = time.monotonic()
    session = await _made(client, task)
    try:
        written = await _ended(client, "generate", session, _wish(task, task.prompt))
        if task.then is not None and written["state"] == "succeeded":
            written = await _ended(client, "generate", session, _wish(task, task.then))
        seconds = time.monotonic() - began
        result, usage = written["result"] or {}, written["usage"] or {}
        model = str(result.get("model") or usage.get("model") or "")
        checks = task.all_checks()
        if written["state"] != "succeeded":
            error = written["error"] or {}
            said = f"{error.get('type', written['state'])}: {error.get('detail', '')}"
            return Score(task, model, (), len(checks), seconds, usage, said)
        ran: dict[str, Any] = {}
        if result["code"]:
            wanted: dict[str, Any] = {"code": result["code"], "timeout_s": 60}
            if task.inputs:
                wanted["inputs"] = list(task.inputs)
            # In a sandbox that ends with it: those of sessions stay for a while, and there are only so many.
            wanted["files"] = [{"path": name, "text": content.decode()} for name, content in _files(task).items()]
            ran = (await _ended(client, "execute", None, wanted))["result"] or {}
        answer = Answer(result, ran)
        missed = tuple(check.wants for check in checks if not check.holds(answer))
        return Score(task, model, missed, len(checks), seconds, usage)
    finally:
        await client.delete(f"/v1/sessions/{session}")


async def _made(client: httpx.AsyncClient, task: Task) -> str:
    session = str(_good(await client.post("/v1/sessions", json={"title": f"evaluation: {task.name}"}))["id"])
    for name, content in _files(task).items():
        _good(await client.put(f"/v1/sessions/{session}/files/{name}", content=content))
    return session


def _files(task: Task) -> dict[str, bytes]:
    files = {name: (EXAMPLES / name).read_bytes() for name in task.files}
    return files | {name: text.encode() for name, text in task.made.items()}


def _wish(task: Task, prompt: str) -> dict[str, Any]:
    wish: dict[str, Any] = {"prompt": prompt}
    if task.base_code is not None:
        wish["base_code"] = task.base_code
    if task.fix is not None:
        wish["fix"] = {"code": task.fix[0], "error": task.fix[1]}
    return wish


async def _ended(client: httpx.AsyncClient, agent: str, session: str | None, input_: dict[str, Any]) -> dict[str, Any]:
    where = {"session_id": session} if session else {}
    job = _good(await client.post("/v1/jobs", json={"agent": agent, "input": input_, **where}))
    while job["state"] in ("queued", "running"):
        job = _good(await client.get(f"/v1/jobs/{job['id']}", params={"wait": WAIT_S}, timeout=WAIT_S + 20))
    return job


def _good(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return content


def table(scores: Sequence[Score]) -> str:
    """The scores as Markdown, and the sums below."""
    lines = ["| task | score | seconds | tokens | missed |", "|---|---|---|---|---|"]
    for score in scores:
        tokens = f"{score.usage.get('input_tokens', 0)} + {score.usage.get('output_tokens', 0)}"
        reached = 0 if score.problem else score.checks - len(score.missed)
        missed = score.problem or "; ".join(score.missed)
        lines.append(f"| {score.task.name} | {reached} / {score.checks} | {score.seconds:.1f} | {tokens} | {missed} |")
    whole = sum(score.whole for score in scores)
    cost = sum(float(score.usage.get("cost_usd", 0)) for score in scores)
    models = ", ".join(sorted({score.model for score in scores if score.model})) or "no model"
    lines += ["", f"{whole} of {len(scores)} tasks whole, by {models}" + (f"; {cost:.4f} USD" if cost else "") + "."]
    return "\n".join(lines)
