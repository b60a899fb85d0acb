"""What a program prints: on to the user as it comes, and kept for the result, both within limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.context import Context
from workers.executor.agentcore import Frame

CUT = "\n… output cut here: it is longer than what is kept …\n"


@dataclass(slots=True)
class Kept:
    """The beginning of one stream."""

    limit: int
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    cut: bool = False

    def add(self, text: str) -> None:
        """Keep what still fits; mark the first cut."""
        if self.cut:
            return
        room = self.limit - self.size
        self.pieces.append(text[:room])
        self.size += min(len(text), room)
        if len(text) > room:
            self.cut = True
            self.pieces.append(CUT)

    @property
    def text(self) -> str:
        """All that was kept."""
        return "".join(self.pieces)


class Output:
    """Both streams of one run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._left = context.settings.event_text_limit
        self._told = False
        self.ended: str | None = None
        """Why the server ended the run, where it did."""
        self.stdout = Kept(context.settings.result_text_limit)
        self.stderr = Kept(context.settings.result_text_limit)

    @property
    def truncated(self) -> bool:
        """Something was cut, from the stream or from the result."""
        return self._told or self.stdout.cut or self.stderr.cut

    def take(self, frame: Frame) -> None:
        """A piece of output as it arrives."""
        self.ended = frame.ended or self.ended
        if frame.stdout:
            self.stdout.add(frame.stdout)
            self._emit("stdout", frame.stdout)
        if frame.stderr:
            self.stderr.add(frame.stderr)
            self._emit("stderr", frame.stderr)

    def note(self, text: str) -> None:
        """A word of the service's own, where the program's warnings go."""
        self.take(Frame("", text + "\n", False, [], None))

    def _emit(self, stream: str, text: str) -> None:
        if self._told:
            return
        if self._left > 0:
            self._context.emit(stream, text=text[: self._left])
        if len(text) > self._left:
            self._told = True
            self._context.emit("stderr", text=CUT)
        self._left -= len(text)
