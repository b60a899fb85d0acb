"""Short runs and what they give, by kind: each goes through the executor on our own sandbox and on AWS's double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A program, and what is expected of it. What is not named is only compared between the two."""

    code: str
    inputs: Sequence[str] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """That come with it, by path."""

    text: str | None = None
    """The last value."""
    stdout: str | None = None
    stderr: str | None = None
    shows: Sequence[str] | None = None
    """Of each output the kinds that it must be given in, joined by blanks: figure, chart, table, html, …"""
    order: Sequence[str] | None = None
    """What was printed, `!` before what went to stderr, and, as `<n>`, the outputs, in the order of the events."""
    error: tuple[str, int | None] | None = None
    """Its name and line; None where the run must end well."""
    says: Sequence[str] = ()
    """Words in the error's text or traceback."""
    changed: Mapping[str, str] | None = None
    """Files with what became of them."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """Texts that a representation of the first output must contain, by kind."""


KINDS = {
    "figure": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "chart": "application/vnd.aci.chart+json",
    "table": "application/vnd.dataresource+json",
    "plotly": "application/vnd.plotly.v1+json",
    "json": "application/json",
    "html": "text/html",
    "markdown": "text/markdown",
    "latex": "text/latex",
    "text": "text/plain",
}
