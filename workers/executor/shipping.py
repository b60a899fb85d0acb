"""The harness as it goes into a sandbox: one zip that Python imports from, named for what is in it.

Named by its content, so that a newer worker never meets an older harness under the same name.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent / "harness"


@dataclass(frozen=True, slots=True)
class Harness:
    """The package's name inside of the zip, and the zip."""

    module: str
    content: bytes

    @property
    def file(self) -> str:
        """The zip's name."""
        return f"{self.module}.zip"


@cache
def harness() -> Harness:
    """Made once a process; the same sources give the same bytes."""
    sources = {path.name: path.read_bytes() for path in sorted(SOURCE.glob("*.py"))}
    digest = hashlib.sha256(b"\0".join(part for name, text in sources.items() for part in (name.encode(), text)))
    module = f"aci_harness_{digest.hexdigest()[:12]}"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sources.items():
            archive.writestr(zipfile.ZipInfo(f"{module}/{name}"), text, zipfile.ZIP_DEFLATED)
    return Harness(module, stream.getvalue())


class Shipped:
    """Which interpreters this process has sent it to. One that is not known here may have it still: a second copy does
    no harm, and that an interpreter has lost it, the interpreter says itself.
    """

    MOST = 10_000

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def has(self, interpreter: str) -> bool:
        """Whether it was sent there."""
        return interpreter in self._known

    def add(self, interpreter: str) -> None:
        """It was; the longest known are forgotten."""
        self._known.pop(interpreter, None)
        self._known[interpreter] = None
        while len(self._known) > self.MOST:
            del self._known[next(iter(self._known))]


SHIPPED = Shipped()
