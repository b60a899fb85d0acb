"""One answer as it is written: pieces of the chain go in, events come out, and what there is so far is kept.

Strands throws away what a cancelled model had said; here it stays.
"""

from __future__ import annotations

from typing import Any

from core.programs import input_calls
from workers.context import Emit
from workers.generator.stream import AnswerReader, Part
from workers.generator.stream import Piece as Bit
from workers.models.answer import Answering, Ended, FellBack, Piece, Said, Thinking, Usage


class Draft:
    """An answer in the making. With `prose_shown=False` its prose is not told, as when a program is only mended."""

    def __init__(self, emit: Emit, *, prose_shown: bool = True) -> None:
        self._emit = emit
        self._prose_shown = prose_shown
        self._reader = AnswerReader()
        self._said: list[str] = []
        self.model = ""
        self.cut = False
        self.stopped = False
        self.usage: Usage | None = None

    @property
    def code(self) -> str:
        """The program so far."""
        return self._reader.code

    @property
    def explanation(self) -> str:
        """The prose so far."""
        return self._reader.prose

    @property
    def text(self) -> str:
        """The answer as the model gave it."""
        return "".join(self._said)

    def take(self, piece: Piece) -> None:
        """The next piece of the answer."""
        match piece:
            case Answering(model):
                self.model = model
                self._emit("model.selected", model=model)
            case Thinking():
                self._emit("job.progress", message="The model is thinking")
            case Said(text):
                self._said.append(text)
                self._tell(self._reader.feed(text))
            case FellBack(from_model, to_model, reason):
                self._emit("model.fallback", **{"from": from_model, "to": to_model, "reason": reason})
                self._begin_anew()
            case Ended(how, usage):
                self._tell(self._reader.finish())
                self.cut, self.stopped = how == "cut", how == "stopped"
                self.model, self.usage = usage.model, usage

    def _begin_anew(self) -> None:
        if self._said:
            self._emit("code.reset")
        self._reader = AnswerReader()
        self._said = []

    def _tell(self, pieces: list[Bit]) -> None:
        for piece in pieces:
            match piece.part:
                case Part.CODE:
                    self._emit("code.delta", text=piece.text)
                case Part.RESET:
                    self._emit("code.reset")
                case Part.PROSE if self._prose_shown:
                    self._emit("text.delta", text=piece.text)

    def result(self, explanation: str | None = None) -> dict[str, Any]:
        """As the job's result shows it."""
        code = self.code
        return {
            "code": code,
            "explanation": self.explanation if explanation is None else explanation,
            "inputs": input_calls(code),
            "model": self.model,
        }
