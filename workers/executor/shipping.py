"""The harness as it goes into a sandbox: one zip that Python imports from, named for what is in it.

Named by its content, so that a newer worker never meets an older harness under the same name. Beside each source lies
what this Python compiled it to: one of the same version loads that in a fraction of the time (zipimport looks for it
first), any other goes by the source.
"""

from __future__ import annotations

import hashlib
import io
import py_compile
import tempfile
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
        for name, content in (sources | {f"{name}c": _compiled(module, name) for name in sources}).items():
            archive.writestr(zipfile.ZipInfo(f"{module}/{name}"), content, zipfile.ZIP_DEFLATED)
    return Harness(module, stream.getvalue())


def _compiled(module: str, name: str) -> bytes:
    """A source as Python caches it, to be taken without a look at the source's date."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "compiled"
        py_compile.compile(
            str(SOURCE / name),
            str(target),
            dfile=f"{module}/{name}",
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return target.read_bytes()


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
