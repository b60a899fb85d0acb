"""What is drawn: figures of matplotlib and of plotly, and pictures of PIL."""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from typing import Any

from .charts import chart_of
from .values import Bundle, text_of

CHART = "application/vnd.aci.chart+json"
DPI = 110
PIXELS_LIMIT = 16_000_000
"""Of a picture; a larger one is shown smaller."""
SAVED_LIMIT = 4 * 1024 * 1024
"""Bytes of a file that was saved as PNG and is shown as it is."""


def loaded(module: str, name: str) -> Any:
    """A class of a package, or an empty tuple (which nothing is an instance of) where it is not loaded."""
    return getattr(sys.modules.get(module), name, ())


class Drawn:
    """Draws figures, each once: one that was shown or saved is not drawn again unless it has changed since."""

    def __init__(self, add: Callable[["Bundle | None"], None]) -> None:
        self._add = add
        self._shown: dict[int, Any] = {}  # by id, kept alive so that no other gets the same

    def bundle(self, value: Any) -> "Bundle | None":
        """A value that is a figure or a picture; None for any other."""
        if isinstance(value, loaded("matplotlib.figure", "Figure")):
            return self.figure(value)
        if isinstance(value, loaded("matplotlib.animation", "Animation")):
            return self.figure(value._fig)
        if isinstance(value, loaded("PIL.Image", "Image")):
            return picture(value)
        if isinstance(value, loaded("plotly.basedatatypes", "BaseFigure")):
            return {"application/vnd.plotly.v1+json": json.loads(value.to_json()), "text/plain": "plotly Figure"}
        return None

    def figure(self, figure: Any) -> Bundle:
        """A matplotlib figure as PNG, with its data."""
        stream = io.BytesIO()
        width, height = figure.get_size_inches()
        dpi = min(DPI, (PIXELS_LIMIT / max(width * height, 1e-6)) ** 0.5)
        with as_it_was(figure):
            figure.savefig(stream, format="png", bbox_inches="tight", dpi=dpi)
        return self._told(figure, stream.getvalue())

    def _told(self, figure: Any, content: bytes) -> Bundle:
        bundle: Bundle = {"image/png": content, "text/plain": text_of(figure)}
        chart = chart_of(figure)
        if chart is not None:
            bundle[CHART] = chart
        self._shown[id(figure)] = figure
        figure.stale = False
        return bundle

    def saved(self, figure: Any, target: Any, format_: "str | None", *, was_shown: bool) -> None:
        """The program has saved a figure: it is shown where that happened, unless it was before it was saved."""
        if was_shown:
            figure.stale = False  # saving draws, and so touches much
        if not worth_it(figure) or was_shown:
            return
        content = None
        if isinstance(target, str) and target.lower().endswith(".png") and format_ in (None, "png"):
            with contextlib.suppress(OSError), open(target, "rb") as file:
                content = file.read(SAVED_LIMIT + 1)
        if content and len(content) <= SAVED_LIMIT:
            self._add(self._told(figure, content))
        else:
            self._add(self.figure(figure))

    def open_figures(self, *, close: bool = True) -> None:
        """`plt.show()`, and the end of the run: every figure that is open, in the order they were made."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if worth_it(figure) and not self.is_shown(figure):
                self._add(self.figure(figure))
        if close:
            pyplot.close("all")

    def is_shown(self, figure: Any) -> bool:
        """Whether it was shown as it is now."""
        return id(figure) in self._shown and not figure.stale


def worth_it(figure: Any) -> bool:
    """Whether there is anything on it."""
    return bool(figure.get_axes() or figure.texts or figure.images or figure.legends or figure.subfigs)


@contextlib.contextmanager
def as_it_was(figure: Any) -> Any:
    """Drawing for us must not count as the program's: `savefig` is ours while a program runs."""
    kind = type(figure)
    ours = kind.savefig
    figure.savefig = getattr(ours, "theirs", ours).__get__(figure)
    try:
        yield
    finally:
        del figure.savefig


def picture(image: Any) -> Bundle:
    """A PIL image as PNG."""
    shown = image
    if image.width * image.height > PIXELS_LIMIT:
        shown = image.copy()
        shown.thumbnail((4000, 4000))
    if shown.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"):
        shown = shown.convert("RGB")  # PNG has no other
    stream = io.BytesIO()
    shown.save(stream, format="PNG")
    return {"image/png": stream.getvalue(), "text/plain": text_of(image)}


def is_drawing(value: Any, depth: int = 0) -> bool:
    """What drawing functions return and nobody wants to read: axes, lines, bars, grids, and collections of them."""
    kind = type(value)
    module = kind.__module__
    if isinstance(value, (loaded("matplotlib.figure", "Figure"), loaded("matplotlib.animation", "Animation"))):
        return False
    if isinstance(module, str) and (module.partition(".")[0] == "matplotlib" or module == "seaborn.axisgrid"):
        return True
    if depth > 3:
        return False
    inside: list[Any] = []
    if kind in (list, tuple):
        inside = list(value[:20])
    elif kind is dict:
        inside = list(value.values())[:20]
    elif kind.__name__ == "ndarray" and module == "numpy" and value.dtype == object:
        inside = list(value.flat[:20])
    elif kind.__name__ == "Series" and module == "pandas.core.series" and value.dtype == object:
        inside = list(value.iloc[:1])
    return any(is_drawing(each, depth + 1) for each in inside)
