"""Kinds of text that agents take: bounded, and of characters that every part of the service can keep."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _plain(value: str) -> str:
    """Raises ValueError for NUL and for lone surrogates, which neither Postgres nor UTF-8 can hold."""
    if "\x00" in value:
        raise ValueError("must not contain the NUL character")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError("must be valid Unicode (it has a lone surrogate)") from error
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


CODE_LIMIT = 200_000
PROMPT_LIMIT = 20_000
LINE_LIMIT = 10_000

Text = Annotated[str, AfterValidator(_plain)]
Code = Annotated[str, StringConstraints(max_length=CODE_LIMIT), AfterValidator(_plain), AfterValidator(_not_blank)]
Prompt = Annotated[str, StringConstraints(max_length=PROMPT_LIMIT), AfterValidator(_plain), AfterValidator(_not_blank)]
Line = Annotated[str, StringConstraints(max_length=LINE_LIMIT), AfterValidator(_plain)]
