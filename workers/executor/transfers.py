"""Files in and out of a sandbox: small ones in one call, large ones piece by piece, so that none is ever held whole.

AWS answers a call in one piece, and so does a server of ours that is not asked for parts. So a large file is cut, or
put together, by a few lines of Python that run in the sandbox, before or after the program.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workers.executor.agentcore import CodeInterpreters, Interpreter, SandboxError, SandboxGone, SandboxUnreachable

logger = logging.getLogger(__name__)

PIECE: Final = 4 * 1024 * 1024
"""Bytes that travel in one call; several times as much is in memory meanwhile, as base64 and JSON."""
CALL_S: Final = 60.0
"""How long the sandbox may take over one piece."""
SOURCE: Final = (Path(__file__).parent / "inside.py").read_text()
FOLDER: Final = ".aci"


class CannotBeRead(Exception):
    """The file is not what it was when it was seen, or not to be had at all."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as the harness saw it; `state` is its size, time of change and inode, by which it is known again."""

    path: str
    size: int
    state: list[int]


class Transfers:
    """To and from one sandbox session, which runs nothing else meanwhile."""

    def __init__(self, interpreters: CodeInterpreters, interpreter: Interpreter, name: str) -> None:
        self._interpreters = interpreters
        self._interpreter = interpreter
        self._piece = f"{FOLDER}/{name}.piece"
        self._whole = f"{FOLDER}/{name}.whole"

    async def out(self, file: Seen) -> AsyncIterator[bytes]:
        """The bytes of a file, as many as it had. Raises CannotBeRead, and SandboxError where the session is gone."""
        if file.size <= PIECE:
            yield await self._read(file.path, file.size)
            return
        for offset in range(0, file.size, PIECE):
            length = min(PIECE, file.size - offset)
            try:
                await self._run("cut", file.path, file.state, offset, length, self._piece)
            except (SandboxGone, SandboxUnreachable):
                raise
            except SandboxError as error:
                raise CannotBeRead(str(error)) from error
            yield await self._read(self._piece, length)
        await self.discard()

    async def discard(self) -> None:
        """Remove what a transfer that was broken off has left."""
        try:
            await self._interpreters.blocking(lambda: self._interpreter.remove_files([self._piece]))
        except SandboxError as error:
            logger.debug("A piece was not removed: %s", error)

    async def into(self, path: str, pieces: AsyncIterator[bytes]) -> None:
        """Write a file whose bytes come in pieces. Raises SandboxError."""
        first, gathered = True, bytearray()
        async for piece in pieces:
            gathered += piece
            if len(gathered) >= PIECE:
                await self._append(bytes(gathered), first=first)
                first, gathered = False, bytearray()
        if gathered or first:
            await self._append(bytes(gathered), first=first)
        await self._run("place", self._whole, path)

    async def _append(self, content: bytes, *, first: bool) -> None:
        await self._interpreters.blocking(lambda: self._interpreter.write_files([(self._piece, content)]))
        await self._run("join", self._piece, self._whole, first=first)

    async def _read(self, path: str, size: int) -> bytes:
        content = await self._interpreters.blocking(lambda: self._interpreter.read_file(path))
        if content is None or len(content) != size:
            raise CannotBeRead(f"{path} has not the {size} bytes that it had")
        return content

    async def _run(self, function: str, *arguments: Any, **named: Any) -> None:
        """Call one of the functions inside. Raises SandboxError where it fails."""
        call = f"{function}(*{arguments!r}, **{named!r})"
        # With a namespace of its own, and without a last value that would be shown.
        code = f"__import__('builtins').exec({SOURCE + call!r}, {{'__name__': 'aci_transfer'}})"
        invocation = await self._interpreters.blocking(lambda: self._interpreter.execute(code))
        failed = None
        try:
            async with asyncio.timeout(CALL_S):
                async for frame in self._interpreters.frames(invocation):
                    if frame.is_error:
                        failed = frame.stderr or frame.stdout
        except TimeoutError:
            await asyncio.to_thread(invocation.hang_up)
            failed = "it took too long"
        if failed is not None:
            raise SandboxError("TransferFailed", failed.strip().rpartition("\n")[2][:500])
