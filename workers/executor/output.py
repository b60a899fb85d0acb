"""What a program prints: on to the user as it comes, and kept for the result, both within limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from workers.context import Context
from workers.executor.agentcore import Frame
from workers.executor.marks import Mark, Marks

NEVER = 10**9
"""A turn that no program comes to."""

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


@dataclass(slots=True)
class Stream:
    """One of the two, on its way."""

    marks: Marks
    kept: Kept
    turn: int = 0
    """The last turn between the streams that it has told of."""
    waiting: deque[tuple[int, str | Mark]] = field(default_factory=deque)
    """What has come and was not passed on, with the turn after which it was written."""


class Output:
    """Both streams of one run, in the order in which they were written as far as the harness marks it.

    Its marks are taken out; those on the first stream also say what else stands where.
    """

    def __init__(self, context: Context, nonce: str) -> None:
        self._context = context
        self._left = context.settings.event_text_limit
        self._told = False
        self.ended: str | None = None
        """Why the server ended the run, where it did."""
        self.stdout = Kept(context.settings.result_text_limit)
        self.stderr = Kept(context.settings.result_text_limit)
        self._out = Stream(Marks(nonce), self.stdout)
        self._err = Stream(Marks(nonce), self.stderr)

    @property
    def truncated(self) -> bool:
        """Something was cut, from the stream or from the result."""
        return self._told or self.stdout.cut or self.stderr.cut

    def take(self, frame: Frame) -> Iterator[Mark]:
        """A piece of output as it arrives: text is passed on, and each mark handed over when all before it was."""
        self.ended = frame.ended or self.ended
        for stream, text in ((self._out, frame.stdout), (self._err, frame.stderr)):
            for piece in stream.marks.feed(text):
                if not isinstance(piece, Mark):
                    stream.waiting.append((stream.turn, piece))
                elif piece.kind == "turn":
                    stream.turn = max(stream.turn, piece.number)
                elif stream is self._out:
                    stream.waiting.append((stream.turn, piece))
        yield from self._passed_on()

    def finish(self) -> Iterator[Mark]:
        """No more comes."""
        for stream in (self._out, self._err):
            stream.waiting.append((stream.turn, stream.marks.rest()))
            stream.turn = NEVER
        yield from self._passed_on()

    def _passed_on(self) -> Iterator[Mark]:
        """Of what waits the earliest first, as far as nothing earlier can come from the other stream."""
        while True:
            heads = [
                (mine.waiting[0][0], place)
                for place, (mine, other) in enumerate(((self._out, self._err), (self._err, self._out)))
                if mine.waiting and mine.waiting[0][0] <= other.turn
            ]
            if not heads:
                return
            stream = (self._out, self._err)[min(heads)[1]]
            _, piece = stream.waiting.popleft()
            if isinstance(piece, Mark):
                yield piece
            else:
                self._print("stdout" if stream is self._out else "stderr", piece)

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
