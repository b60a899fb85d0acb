"""Collects what a run shows, in order."""

import base64
import contextlib
import io
import json
import os
import sys
from typing import Any

from .figures import is_figure, is_image
from .home import ipython
from .tables import table_of

Bundle = dict[str, Any]
"""MIME types, each with its text, its JSON, or {"file": name} for bytes that lie beside the report."""

TEXT_LIMIT = 500_000
"""Characters of one representation of a value; a longer one is left out, or cut where it is plain text."""
OUTPUTS_LIMIT = 200


class Recorder:
    """Collects the outputs of one run, in order."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.outputs: list[Bundle] = []
        self.truncated = False
        self.figures = 0

    def add(self, bundle: "Bundle | None") -> None:
        """Take a mapping of MIME types to text, JSON, or {"file": name}."""
        if not bundle:
            return
        if len(self.outputs) >= OUTPUTS_LIMIT:
            self.truncated = True
            return
        kept: Bundle = {}
        for mime, value in bundle.items():
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            if len(text) <= TEXT_LIMIT:
                kept[mime] = value
            elif mime == "text/plain":
                kept[mime] = text[:TEXT_LIMIT] + " …"
                self.truncated = True
            else:
                self.truncated = True
        if kept:
            self.outputs.append(kept)

    def store(self, content: bytes, ending: str) -> "dict[str, str]":
        """Keep bytes beside the report, to be fetched from there. Returns how a bundle refers to them."""
        self.figures += 1
        name = f"figure-{self.figures}.{ending}"
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)
        return {"file": name}

    def show(self, *values: Any) -> None:
        """`display()`: show values where they are, not only at the end."""
        for value in values:
            self.add(self.bundle(value))

    def publish(self, data: "Bundle", metadata: Any = None, **_: Any) -> None:
        """In place of IPython's display publisher, for `IPython.display.display` and what uses it."""
        self.add(self.bytes_apart(dict(data)))

    def bundle(self, value: Any) -> "Bundle":
        """How a value can be shown: a mapping of MIME types."""
        if is_figure(value):
            return self.figure(value)
        table = table_of(value)
        if table is not None:
            return table
        if is_image(value):
            stream = io.BytesIO()
            value.save(stream, format="PNG")
            return {"image/png": self.store(stream.getvalue(), "png"), "text/plain": text_of(value)}
        shell = ipython()
        if shell is not None:
            with contextlib.suppress(Exception):
                data, _ = shell.display_formatter.format(value)
                return self.bytes_apart(data)
        return {"text/plain": text_of(value)}

    def bytes_apart(self, data: "Bundle") -> "Bundle":
        """Pictures out of a bundle into files: as bytes, or as the base64 text in which kernels send them."""
        for mime, ending in (("image/png", "png"), ("image/jpeg", "jpg")):
            content = data.get(mime)
            if isinstance(content, str):
                content = base64.b64decode(content)
            if isinstance(content, bytes):
                data[mime] = self.store(content, ending)
        return {mime: value for mime, value in data.items() if not isinstance(value, bytes)}

    def figure(self, figure: Any) -> "Bundle":
        """A matplotlib figure as PNG."""
        stream = io.BytesIO()
        figure.savefig(stream, format="png", bbox_inches="tight", dpi=110)
        return {"image/png": self.store(stream.getvalue(), "png"), "text/plain": text_of(figure)}

    def open_figures(self) -> None:
        """`plt.show()`, and the end of the run: every figure that is open, in the order they were made."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if figure.get_axes() or figure.texts or figure.images:
                self.add(self.figure(figure))
        pyplot.close("all")


def text_of(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: its repr() raised {type(error).__name__}>"
