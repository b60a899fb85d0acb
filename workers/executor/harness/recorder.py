"""Collects what a run shows, in order, and says so at once where it stands."""

import base64
import contextlib
import os
import re
from json import dumps, loads
from typing import Any

from . import figures
from .channel import Channel, spelled
from .tables import table_of
from .values import Bundle, bytes_of, offered

TEXT_LIMIT = 500_000
"""Characters of one representation of a value; a longer one is left out, or cut where it is plain text."""
OUTPUTS_LIMIT = 200
CALLS_LIMIT = 5000
"""Outputs of one run that are looked at, those included that replace or clear others."""
PICTURE_LIMIT = 16 * 1024 * 1024
"""Bytes of one picture."""
INLINE_LIMIT = 100_000
"""Characters of an output that is sent at once; a larger one comes with the report, when the run has ended."""

FORMS_LIMIT = 20
DEPTH_LIMIT = 50
MIME = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")

PICTURES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


def depth_of(text: str) -> int:
    """Levels of lists and objects in JSON, without walking them: what it stands for may be deeper than Python goes."""
    depth = deepest = 0
    for part in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if part[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif part[0] in "]}":
            depth -= 1
    return deepest


class Recorder:
    """The outputs of one run."""

    def __init__(self, folder: str, channel: Channel) -> None:
        self.folder = folder
        self.channel = channel
        self.outputs: list[Bundle] = []
        self.sent: set[int] = set()
        """Numbers of the outputs that were sent whole, where they stood."""
        self.truncated = False
        self.drawn = figures.Drawn(self.add)
        self._named: dict[str, int] = {}
        self._clear_next = False
        self._stored = 0
        self._calls = 0

    def add(self, bundle: "Bundle | None", display_id: "str | None" = None) -> None:
        """Take a mapping of MIME types to text, JSON or bytes; what has an id can be replaced later."""
        if not bundle or not self._counts():
            return
        self._clear_if_asked()
        if len(self.outputs) >= OUTPUTS_LIMIT:
            self.truncated = True
            return
        kept, whole = self._within_limits(bundle)
        if kept:
            number = len(self.outputs)
            self.outputs.append(kept)
            if display_id is not None:
                self._named[display_id] = number
            self._say("output", number, whole)

    def replace(self, bundle: Bundle, display_id: str) -> None:
        """`update_display()`: show something else in the place of what was shown under this id."""
        number = self._named.get(display_id)
        if number is None or not self._counts():
            return
        self._clear_if_asked()
        kept, whole = self._within_limits(bundle)
        if kept and self.outputs[number]:
            self.outputs[number] = kept
            self._say("update", number, whole)

    def clear(self, wait: bool = False) -> None:
        """`clear_output()`: what was shown so far goes, with `wait` as soon as something else is shown."""
        self._clear_next = True
        if not wait:
            self._clear_if_asked()

    def _clear_if_asked(self) -> None:
        if self._clear_next:
            self._clear_next = False
            if any(self.outputs) and self._counts():
                self.outputs = [{} for _ in self.outputs]  # the places stay, so that a number means one output
                self.channel.mark("clear", len(self.outputs))

    def _counts(self) -> bool:
        """Whether another call is heard."""
        self._calls += 1
        self.truncated = self.truncated or self._calls > CALLS_LIMIT
        return self._calls <= CALLS_LIMIT and not self.channel.is_forks

    def _say(self, kind: str, number: int, whole: Bundle) -> None:
        self.sent.discard(number)
        body = spelled(whole)
        inline = len(body) <= INLINE_LIMIT
        if self.channel.mark(kind, number, body if inline else "") and inline:
            self.sent.add(number)

    def _within_limits(self, bundle: Bundle) -> "tuple[Bundle, Bundle]":
        """What is kept of a bundle: as the report has it, with bytes in files, and with the bytes in it, as base64."""
        kept: Bundle = {}
        whole: Bundle = {}
        for mime, value in list(bundle.items())[:FORMS_LIMIT]:
            if not isinstance(mime, str) or not MIME.fullmatch(mime):
                self.truncated = True
            elif mime in PICTURES:
                content = bytes_of(value)
                if not content or len(content) > PICTURE_LIMIT:
                    self.truncated = True
                    continue
                kept[mime] = self._store(content, PICTURES[mime])
                whole[mime] = {**kept[mime], "base64": base64.b64encode(content).decode()}
            else:
                fit = self._fit(mime, value)
                if fit is not None:
                    kept[mime] = whole[mime] = fit
        return kept, whole

    def _fit(self, mime: str, value: Any) -> Any:
        """Text or JSON of a size and depth that is kept; None for any other."""
        if mime.startswith("text/") or mime == "image/svg+xml":
            if not isinstance(value, str):
                return None
            if len(value) <= TEXT_LIMIT:
                return value
            self.truncated = True
            return value[:TEXT_LIMIT] + " …" if mime == "text/plain" else None
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            text = dumps(value, default=str, allow_nan=False)
            if len(text) <= TEXT_LIMIT and depth_of(text) <= DEPTH_LIMIT:
                return loads(text)
        self.truncated = True
        return None

    def _store(self, content: bytes, ending: str) -> "dict[str, Any]":
        """Keep bytes beside the report, to be fetched from there. Returns how a bundle refers to them."""
        self._stored += 1
        name = f"figure-{self._stored}.{ending}"
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)
        return {"file": name}

    def show(self, *values: Any, **named: Any) -> None:
        """`display()`: show values where they are, not only at the end."""
        display_id = named.get("display_id")
        for value in values:
            if named.get("raw") and isinstance(value, dict):
                bundle: Bundle | None = dict(value)
            else:
                bundle = self.bundle(value)
            self.add(bundle, display_id if isinstance(display_id, str) else None)

    def publish(self, data: Bundle, metadata: Any = None, **named: Any) -> None:
        """In place of IPython's display publisher, for `IPython.display.display` and what uses it."""
        display_id = (named.get("transient") or {}).get("display_id")
        if named.get("update") and display_id is not None:
            self.replace(dict(data), str(display_id))
        else:
            self.add(dict(data), None if display_id is None else str(display_id))

    def bundle(self, value: Any) -> "Bundle | None":
        """How a value can be shown: a mapping of MIME types."""
        for form in (self.drawn.bundle, table_of):
            bundle = form(value)
            if bundle is not None:
                return bundle
        return offered(value)
