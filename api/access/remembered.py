"""What was found out a moment ago, so that it need not be asked for again: bounded in time and in number."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by digest, each for its own time. When there are too many, the oldest goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[bytes, tuple[float, T]] = OrderedDict()

    def get(self, digest: bytes) -> tuple[T] | None:
        """The value, in a tuple because it may be None."""
        kept = self._values.get(digest)
        if kept is None:
            return None
        until, value = kept
        if monotonic() >= until:
            del self._values[digest]
            return None
        return (value,)

    def put(self, digest: bytes, value: T, for_s: float) -> None:
        """Remember it for so long."""
        self._values.pop(digest, None)
        self._values[digest] = (monotonic() + for_s, value)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, digest: bytes) -> None:
        """As if it had never been asked for."""
        self._values.pop(digest, None)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
