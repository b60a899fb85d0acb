"""The solver's one tool: run a program in the job's own sandbox. There is no other, whatever an output asks for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from strands.types._events import ToolResultEvent
from strands.types.tools import AgentTool, ToolResultContent, ToolSpec, ToolUse

from core.agents.text import CODE_LIMIT

NAME = "run_python"

Runs = Callable[[str], Awaitable[tuple[list[ToolResultContent], bool]]]
"""Runs a program; gives what the model is told of it, and whether it ran to its end."""

SPEC: ToolSpec = {
    "name": NAME,
    "description": (
        "Run a Python program in the sandbox and see what it prints, shows and draws. Variables and files stay from "
        "one program to the next."
    ),
    "inputSchema": {
        "json": {
            "type": "object",
            "properties": {"code": {"type": "string", "description": "The whole program."}},
            "required": ["code"],
        }
    },
}


class RunPython(AgentTool):
    """Hands each call to the job that it belongs to."""

    def __init__(self, runs: Runs) -> None:
        super().__init__()
        self._runs = runs

    @property
    def tool_name(self) -> str:
        """As the model calls it."""
        return NAME

    @property
    def tool_spec(self) -> ToolSpec:
        """What the model is told of it."""
        return SPEC

    @property
    def tool_type(self) -> str:
        """It is made here, and not loaded from anywhere."""
        return "python"

    async def stream(
        self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any
    ) -> AsyncGenerator[Any, None]:
        """One run. A call that holds no program is an answer to the model, not an error of the job."""
        code = _code(tool_use["input"])
        if code is None:
            content: list[ToolResultContent] = [{"text": f"Give `code`: one program, up to {CODE_LIMIT} characters."}]
            well = False
        else:
            content, well = await self._runs(code)
        yield ToolResultEvent(
            {"toolUseId": tool_use["toolUseId"], "status": "success" if well else "error", "content": content}
        )


def _code(given: Any) -> str | None:
    code = given.get("code") if isinstance(given, dict) else None
    if not isinstance(code, str) or not code.strip() or len(code) > CODE_LIMIT:
        return None
    # What neither Postgres nor UTF-8 can hold, a model may write all the same.
    return code.replace("\x00", "").encode("utf-8", "replace").decode()
