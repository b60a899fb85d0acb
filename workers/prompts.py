"""Prompts are files beside the agent that uses them, `prompts/<name>.md`, each with a version.

`prompts/versions.json` holds for each prompt the digests of its versions, the newest last: a text that is changed
without a new version is not taken by the tests, so that scores of an evaluation can be told apart by what was asked.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text, and which version of it that is."""

    name: str
    text: str
    version: int


class UnknownVersion(ValueError):
    """A text was changed, and its new version not entered."""


@cache
def load(folder: Path, name: str) -> Prompt:
    """A prompt of a folder. Its version is that of its last entry: a change is refused by the tests, not in service."""
    entries = json.loads((folder / "versions.json").read_text())[name]
    return Prompt(name, (folder / f"{name}.md").read_text(encoding="utf-8"), len(entries))


def check(folder: Path) -> dict[str, int]:
    """The versions of all prompts of a folder. Raises UnknownVersion where a text is not the newest of its versions."""
    entries = json.loads((folder / "versions.json").read_text())
    found = {}
    for path in sorted(folder.glob("*.md")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        known = entries.get(path.stem, [])
        if not known or known[-1] != digest:
            raise UnknownVersion(
                f"{path} is no version that is known: append {digest} to {path.stem!r} in versions.json."
            )
        found[path.stem] = len(known)
    return found
