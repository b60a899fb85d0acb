"""What a program prints: on to the user as it comes, and kept for the result, both within limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.context import Context
from workers.executor.agentcore import Frame
from workers.executor.marks import Mark, Marks

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
    """Both streams of one run. The harness's marks are taken out of the first, where they say what stands where."""

    def __init__(self, context: Context, nonce: str) -> None:
        self._context = context
        self._marks = Marks(nonce)
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

    def take(self, frame: Frame) -> Iterator[Mark]:
        """A piece of output as it arrives: text is passed on, and each mark handed over when all before it was."""
        self.ended = frame.ended or self.ended
        for piece in self._marks.feed(frame.stdout):
            if isinstance(piece, Mark):
                yield piece
            else:
                self._print("stdout", piece)
        self._print("stderr", frame.stderr)

    def finish(self) -> None:
        """No more comes."""
        self._print("stdout", self._marks.rest())

    def note(self, text: str) -> None:
        """A word of the service's own, where the program's warnings go."""
        self._print("stderr", text + "\n")

    def _print(self, stream: str, text: str) -> None:
        if not text:
            return
        (self.stdout if stream == "stdout" else self.stderr).add(text)
        if self._told:
            return
        if self._left > 0:
            self._context.emit(stream, text=text[: self._left])
        if len(text) > self._left:
            self._told = True
            self._context.emit("stderr", text=CUT)
        self._left -= len(text)
