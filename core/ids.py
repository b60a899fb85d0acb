"""Identifiers: a UUIDv7 (RFC 9562) inside, `job_01k…` outside.

The text form is a prefix and Crockford's base 32 of the 128 bits (26 characters, the TypeID layout), so
that ids sort by the time they were made and a double click selects all of one.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import uuid_utils.compat

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
"""What ten bits become."""
_LENGTH = 26


class Prefix(StrEnum):
    """What an id names."""

    JOB = "job"
    SESSION = "ses"
    FILE = "fil"
    TENANT = "ten"
    WORKER = "wrk"
    KEY = "key"
    AUDIT = "aud"


def new_id() -> UUID:
    """A fresh UUIDv7: later ids sort after earlier ones, to the millisecond."""
    return uuid_utils.compat.uuid7()


def encode(prefix: Prefix, value: UUID) -> str:
    """`job_` and the like, followed by 26 characters."""
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])}"


def decode(prefix: Prefix, text: str) -> UUID:
    """The reverse of `encode`.

    Raises ValueError for another prefix, another length, a character outside the alphabet, or a value
    past 128 bits. Only the one canonical spelling is accepted, so an id has one text.
    """
    head, separator, body = text.partition("_")
    if head != prefix or not separator or len(body) != _LENGTH or body[0] > "7":
        raise ValueError(f"not an id of the form {prefix}_…")
    number = 0
    for character in body:
        value = _VALUE.get(character)
        if value is None:
            raise ValueError(f"not an id of the form {prefix}_…")
        number = number << 5 | value
    return UUID(int=number)
