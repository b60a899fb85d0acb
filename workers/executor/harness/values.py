"""How any value can be shown: as text, and in whatever richer forms it offers itself (`_repr_html_` and its like)."""

import base64
import contextlib
from collections.abc import Callable
from typing import Any

from .home import ipython

Bundle = dict[str, Any]
"""MIME types, each with its text, its JSON, bytes, or {"file": name} for bytes that lie beside the report."""

OFFERED = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_json_": "application/json",
}
"""The methods by which a value offers itself, as IPython knows them."""


def text_of(value: Any) -> str:
    """Its repr(), whatever that does."""
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: its repr() raised {type(error).__name__}>"


def offered(value: Any) -> Bundle:
    """All forms in which a value offers itself, with its text; by IPython's formatters where they are there."""
    shell = ipython()
    if shell is not None:
        with contextlib.suppress(Exception):
            data, _ = shell.display_formatter.format(value)
            if data:
                return dict(data)
    bundle: Bundle = {"text/plain": text_of(value)}
    if isinstance(value, type):  # a class is shown as what it is, not as its instances would be
        return bundle
    with contextlib.suppress(Exception):
        given = _call(value, "_repr_mimebundle_", include=None, exclude=None)
        if isinstance(given, tuple):
            given = given[0]
        if isinstance(given, dict):
            return bundle | given
    for method, mime in OFFERED.items():
        with contextlib.suppress(Exception):
            given = _call(value, method)
            if isinstance(given, tuple):
                given = given[0]
            if given is not None:
                bundle[mime] = given
    return bundle


def _call(value: Any, name: str, **named: Any) -> Any:
    method: Callable[..., Any] | None = getattr(value, name, None)
    if not callable(method) or getattr(value, "_ipython_canary_method_should_not_exist_", None) is not None:
        return None  # such a value has every attribute that is asked for
    return method(**named)


def bytes_of(content: Any) -> "bytes | None":
    """A picture of a bundle: as bytes, or as the base64 text in which kernels send them."""
    if isinstance(content, str):
        with contextlib.suppress(ValueError):
            return base64.b64decode(content)
        return None
    return bytes(content) if isinstance(content, (bytes, bytearray, memoryview)) else None
