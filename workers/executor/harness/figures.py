"""What is drawn: figures of matplotlib, pictures of PIL, and what drawing functions return, which is neither."""

import sys
from typing import Any


def is_figure(value: Any) -> bool:
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def is_image(value: Any) -> bool:
    image = sys.modules.get("PIL.Image")
    return image is not None and isinstance(value, image.Image)


def is_drawing(value: Any) -> bool:
    """What matplotlib's functions return and nobody wants to read: axes, lines, bars, and lists of them."""
    first = value
    if isinstance(value, (list, tuple)) and value:
        first = value[0]
    elif type(value).__name__ == "ndarray" and value.size and value.dtype == object:
        first = value.flat[0]
    return type(first).__module__.partition(".")[0] == "matplotlib" and not is_figure(value)
