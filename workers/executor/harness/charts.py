"""What a matplotlib figure shows, as data: read from its axes, so that a chart can be drawn again, or read aloud.

The form is `application/vnd.aci.chart+json`: `{"title", "charts": [{"kind", "title", "x_label", "y_label", "x_scale",
"y_scale", "series": [{"label", "points", "total"}]}]}`. A point is `[x, y]` for `line`, `scatter` and `bar` (of a
horizontal bar too: first the category), `[label, share]` for `pie`, `[from, to, height]` for `histogram`, and for
`box` an object of the five numbers and the outliers. Axes with nothing that is known have the kind `other` and no
series.
"""

import contextlib
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

CHARTS_LIMIT = 30
SERIES_LIMIT = 50
POINTS_LIMIT = 500
"""Of one series; of a longer one every so manyeth is kept."""
ALL_POINTS_LIMIT = 5000
TEXT_LIMIT = 200

BOXES = "_aci_boxes"
"""The name under which axes keep what `bxp` drew, which can't be read back from lines."""


def watch_boxes(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """A stand-in for `Axes.bxp`, by which every box plot is drawn, that remembers the numbers."""
    theirs = getattr(theirs, "theirs", theirs)

    def bxp(axes: Any, bxpstats: Any, *words: Any, **named: Any) -> Any:
        artists = theirs(axes, bxpstats, *words, **named)
        with contextlib.suppress(Exception):
            drawn = {id(artist) for each in artists.values() for artist in each}
            boxes = list(bxpstats)
            positions = named.get("positions", words[0] if words else None)
            places = range(1, len(boxes) + 1) if positions is None else list(positions)
            axes.__dict__.setdefault(BOXES, []).append((list(zip(boxes, places)), drawn))
        return artists

    bxp.theirs = theirs  # type: ignore[attr-defined]
    return bxp


def chart_of(figure: Any) -> "dict[str, Any] | None":
    """The whole figure; None where nothing of it can be read."""
    with contextlib.suppress(Exception):
        reader = Reader()
        charts = [reader.chart(axes) for axes in figure.get_axes()[:CHARTS_LIMIT] if axes.get_label() != "<colorbar>"]
        if any(chart["series"] for chart in charts):
            title = getattr(figure, "_suptitle", None)
            return {"title": text(title.get_text()) if title is not None else None, "charts": charts}
    return None


class Reader:
    """Reads axes, within limits over the whole figure."""

    def __init__(self) -> None:
        self._left = ALL_POINTS_LIMIT

    def chart(self, axes: Any) -> "dict[str, Any]":
        """One pair of axes. Its kind is that of what it has most of."""
        found: list[tuple[str, dict[str, Any]]] = []
        for read in (self._boxes, self._pies, self._bars, self._lines, self._scatters):
            with contextlib.suppress(Exception):
                found += read(axes)
        kinds = [kind for kind, _ in found]
        kind = max(kinds, key=kinds.count) if kinds else "other"
        return {
            "kind": kind,
            "title": text(axes.get_title() or axes.get_title("left") or axes.get_title("right")),
            "x_label": text(axes.get_xlabel()),
            "y_label": text(axes.get_ylabel()),
            "x_scale": str(axes.get_xscale())[:20],
            "y_scale": str(axes.get_yscale())[:20],
            "series": [series if each == kind else {**series, "kind": each} for each, series in found[:SERIES_LIMIT]],
        }

    def _lines(self, axes: Any) -> "list[tuple[str, dict[str, Any]]]":
        boxes = set().union(*(drawn for _, drawn in getattr(axes, BOXES, [])))
        caps = {id(part) for each in axes.containers for part in parts_of_error_bars(each)}
        found = []
        for line in axes.lines:
            # Lines across the whole of the axes, and the parts of boxes and error bars, are no series.
            if id(line) in boxes | caps or line.get_transform() != axes.transData or not len(line.get_xdata()):
                continue
            xs, ys = line.get_xdata(orig=False), line.get_ydata(orig=False)
            if not any(number(x) is not None and number(y) is not None for x, y in zip(xs[:1000], ys[:1000])):
                continue  # error bars without an extent
            kind = "scatter" if line.get_linestyle() in ("None", "none", "", " ") else "line"
            found.append((kind, self._series(line.get_label(), xs, ys, axes)))
        return found

    def _scatters(self, axes: Any) -> "list[tuple[str, dict[str, Any]]]":
        kind = loaded_class("matplotlib.collections", "PathCollection")
        found = []
        for collection in axes.collections:
            if isinstance(collection, kind) and len(collection.get_offsets()):
                offsets = collection.get_offsets()
                found.append(("scatter", self._series(collection.get_label(), offsets[:, 0], offsets[:, 1], axes)))
        return found

    def _bars(self, axes: Any) -> "list[tuple[str, dict[str, Any]]]":
        boxes = set().union(*(drawn for _, drawn in getattr(axes, BOXES, [])))
        kind = loaded_class("matplotlib.container", "BarContainer")
        found = []
        for container in axes.containers:
            bars = [bar for bar in container if id(bar) not in boxes] if isinstance(container, kind) else []
            if not bars:
                continue
            lying = getattr(container, "orientation", "vertical") == "horizontal"
            axis = axes.yaxis if lying else axes.xaxis
            spans = [
                (bar.get_y(), bar.get_y() + bar.get_height(), bar.get_width())
                if lying
                else (bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height())
                for bar in bars
            ]
            names = categories(axis)
            if names is None and touching(spans):
                points = [[place(low, axis), place(high, axis), number(size)] for low, high, size in spans]
                series = self._of_points(container.get_label(), points)
                found.append(("histogram", series))
            else:
                if names is None and not isinstance(place(spans[0][0], axis), str):
                    names = tick_labels(axis)
                middles = [(low + high) / 2 for low, high, _ in spans]
                points = [
                    [name_at(middle, names) or place(middle, axis), number(size)]
                    for middle, (_, _, size) in zip(middles, spans)
                ]
                series = self._of_points(container.get_label(), points)
                if lying:
                    series["orientation"] = "horizontal"
                found.append(("bar", series))
        return found

    def _pies(self, axes: Any) -> "list[tuple[str, dict[str, Any]]]":
        kind = loaded_class("matplotlib.patches", "Wedge")
        wedges = [patch for patch in axes.patches if isinstance(patch, kind)]
        if not wedges:
            return []
        points = [[text(label_of(wedge)), number((wedge.theta2 - wedge.theta1) / 360)] for wedge in wedges]
        return [("pie", self._of_points(None, points))]

    def _boxes(self, axes: Any) -> "list[tuple[str, dict[str, Any]]]":
        found = []
        names_of_places = tick_labels(axes.xaxis) or tick_labels(axes.yaxis)
        for boxes, _ in getattr(axes, BOXES, []):
            for box, at in boxes[:SERIES_LIMIT]:
                outliers = [number(each) for each in list(box.get("fliers", []))[:POINTS_LIMIT]]
                names = {"whislo": "low", "q1": "q1", "med": "median", "q3": "q3", "whishi": "high"}
                five = {ours: number(box[theirs]) for theirs, ours in names.items()}
                series = self._of_points(
                    name_at(at, names_of_places) or box.get("label"), [{**five, "outliers": outliers}]
                )
                found.append(("box", series))
        return found

    def _series(self, label: Any, xs: Any, ys: Any, axes: Any) -> "dict[str, Any]":
        chosen = thinned(range(len(xs)), min(POINTS_LIMIT, self._left))
        x_names, y_names = categories(axes.xaxis), categories(axes.yaxis)
        points = [
            [
                name_at(xs[at], x_names) or place(xs[at], axes.xaxis),
                name_at(ys[at], y_names) or place(ys[at], axes.yaxis),
            ]
            for at in chosen
        ]
        return self._of_points(label, points, len(xs))

    def _of_points(self, label: Any, points: "list[Any]", total: "int | None" = None) -> "dict[str, Any]":
        kept = [points[at] for at in thinned(range(len(points)), min(POINTS_LIMIT, self._left))]
        self._left -= len(kept)
        return {"label": text(label), "points": kept, "total": len(points) if total is None else total}


def loaded_class(module: str, name: str) -> Any:
    """A class of a module that is loaded; an empty tuple where it is not."""
    return getattr(sys.modules.get(module), name, ())


def parts_of_error_bars(container: Any) -> "list[Any]":
    """Caps and bars, not the data's own line."""
    if not isinstance(container, loaded_class("matplotlib.container", "ErrorbarContainer")):
        return []
    _, caps, bars = container
    return [*caps, *bars]


def thinned(places: "Sequence[int]", most: int) -> "Sequence[int]":
    """At most so many, spread evenly over all, first and last among them."""
    count = len(places)
    if count <= most:
        return places
    if most < 2:
        return places[: max(most, 0)]
    return [places[at * (count - 1) // (most - 1)] for at in range(most)]


def touching(spans: "list[tuple[float, float, float]]") -> bool:
    """Whether bars stand side by side without a gap, as those of a histogram do."""
    if len(spans) < 2:
        return False
    ordered = sorted(spans)
    widest = max(high - low for low, high, _ in ordered)
    return all(abs(one[1] - other[0]) <= 1e-6 * widest for one, other in zip(ordered, ordered[1:]))


def categories(axis: Any) -> "dict[float, str] | None":
    """Names that stand at places of an axis: of categories, or given as labels of ticks; None for numbers."""
    mapping = getattr(getattr(axis, "units", None), "_mapping", None)
    if mapping:
        return {float(at): str(name) for name, at in list(mapping.items())[:1000]}
    return tick_labels(axis) if type(axis.get_major_formatter()).__name__ == "FixedFormatter" else None


def tick_labels(axis: Any) -> "dict[float, str] | None":
    """What stands at the ticks of an axis, where that is more than numbers."""
    given = [(float(at), label.get_text()) for at, label in zip(axis.get_ticklocs(), axis.get_ticklabels())]
    named = {at: name for at, name in given if name}
    return named if any(not is_number(name) for name in named.values()) else None


def name_at(at: Any, names: "dict[float, str] | None") -> "str | None":
    """The name nearest to a place, if one is near: bars of several series stand beside their category's middle."""
    if not names:
        return None
    nearest = min(names, key=lambda each: abs(each - float(at)))
    return text(names[nearest]) if abs(nearest - float(at)) < 0.5 else None


def place(at: Any, axis: Any) -> Any:
    """A place on an axis: a number, or where the axis shows dates, a date as ISO 8601 has it."""
    frequency = getattr(axis.axes, "freq", None)
    if frequency is not None and axis is axis.axes.xaxis and "pandas" in sys.modules:  # pandas counts periods
        with contextlib.suppress(Exception):
            return sys.modules["pandas"].Period(ordinal=round(float(at)), freq=frequency).start_time.isoformat()
    converter = axis.get_converter() if hasattr(axis, "get_converter") else getattr(axis, "converter", None)
    if type(converter).__name__ in ("DateConverter", "_SwitchableDateConverter", "DatetimeConverter"):
        with contextlib.suppress(Exception):
            return sys.modules["matplotlib.dates"].num2date(float(at)).replace(tzinfo=None).isoformat()
    return number(at)


def number(value: Any) -> "float | int | None":
    """As JSON has it: what is missing or infinite is null."""
    with contextlib.suppress(TypeError, ValueError):
        as_float = float(value)
        if math.isfinite(as_float):
            return int(as_float) if as_float.is_integer() and abs(as_float) < 2**53 else float(f"{as_float:.10g}")
    return None


def is_number(value: str) -> bool:
    """Whether a label only says a number."""
    try:
        float(value.replace("−", "-").replace(",", "").strip("$"))
    except ValueError:
        return False
    return True


def label_of(artist: Any) -> str:
    return str(artist.get_label())


def text(value: Any) -> "str | None":
    """A label; None for none, and for those that matplotlib makes up itself."""
    if value is None:
        return None
    said = str(value)
    return said[:TEXT_LIMIT] if said and not said.startswith("_") else None
