"""What a job has made so far: its steps, its words and what they cost. Kept whichever way it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workers.context import Context
from workers.models.answer import Answering, Argument, Calling, Ended, FellBack, Piece, Said, Thinking, Usage
from workers.sandbox import Ran

STEP_TEXT_LIMIT = 20_000
"""Characters of a step's stdout and stderr in the result; the events have all that was streamed."""


@dataclass(slots=True)
class Record:
    """Hears what the models say and what the runs give, tells it on as events, and keeps it."""

    context: Context
    steps: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """The text of the present turn: of the last one it is the answer."""
    calling: bool = False
    """In the present turn the model began to call the tool."""
    model: str = ""
    usage: Usage | None = None

    def begin_turn(self) -> None:
        """The model is asked once more."""
        self.said, self.calling = [], False

    def hear(self, piece: Piece) -> None:
        """The next piece of an answer."""
        match piece:
            case Answering(model):
                if model != self.model:
                    self.context.emit("model.selected", model=model)
                self.model = model
            case Thinking():
                self.context.progress("The model is thinking")
            case Said(text):
                self.said.append(text)
                self.context.say(text)
            case Calling():
                self.calling = True
                self.context.progress("Writing a program", step=len(self.steps) + 1)
            case Argument():
                pass  # told when it is whole, by `tool.started`
            case FellBack(from_model, to_model, reason):
                self.context.emit("model.fallback", **{"from": from_model, "to": to_model, "reason": reason})
                self.begin_turn()
            case Ended(_, usage):
                self.usage = usage.plus(self.usage)

    def begin_step(self, code: str) -> int:
        """A program is about to run."""
        step = len(self.steps) + 1
        self.context.emit("tool.started", step=step, code=code)
        self.steps.append({"step": step, "code": code, "ok": False, **_out_of({})})
        return step

    def end_step(self, ran: Ran | None, result: dict[str, Any] | None = None) -> None:
        """It is over; `result` is what there was of one that was broken off."""
        ok = ran is not None and ran.ok
        self.steps[-1] |= {"ok": ok, **_out_of((ran.result if ran is not None else result) or {})}
        self.context.emit("tool.finished", step=len(self.steps), ok=ok)

    @property
    def tokens(self) -> int:
        """Of all answers together, in and out."""
        return self.usage.input_tokens + self.usage.output_tokens if self.usage is not None else 0

    @property
    def answer(self) -> str:
        """The words of the present turn."""
        return "".join(self.said).strip()

    def result(self) -> dict[str, Any]:
        """A SolveResult as it stands."""
        ran_well = [step["code"] for step in self.steps if step["ok"]]
        return {
            "answer": self.answer,
            "steps": self.steps,
            "code": ran_well[-1] if ran_well else "",
            "model": self.model,
        }

    def spent(self, more: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """What the job's `usage` shows; `more` is what an answer cost that came to no end."""
        usage = self.usage
        if more is not None:
            usage = Usage(more["model"], more["input_tokens"], more["output_tokens"]).plus(usage)
        return usage.view() if usage is not None else None


def _out_of(result: dict[str, Any]) -> dict[str, Any]:
    """Of an ExecuteResult what a step keeps."""
    return {
        "text": result.get("text"),
        "outputs": result.get("outputs") or [],
        "stdout": str(result.get("stdout") or "")[:STEP_TEXT_LIMIT],
        "stderr": str(result.get("stderr") or "")[:STEP_TEXT_LIMIT],
        "error": result.get("error"),
    }
