"""The time that a run takes, without that in which it waits for a person."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator


class RunClock:
    """Begins when it is made, and may stand still meanwhile. Used from one event loop."""

    def __init__(self) -> None:
        self._used = 0.0
        self._going_since: float | None = time.monotonic()
        self._changed = asyncio.Event()

    @property
    def used(self) -> float:
        """Seconds that count."""
        return self._used + (0.0 if self._going_since is None else time.monotonic() - self._going_since)

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Within the block no time passes. Not to be nested."""
        assert self._going_since is not None
        self._used, self._going_since = self.used, None
        self._change()
        try:
            yield
        finally:
            self._going_since = time.monotonic()
            self._change()

    async def passed(self, seconds: float) -> None:
        """Return when so many seconds are used."""
        while (left := seconds - self.used) > 0 or self._going_since is None:
            changed = self._changed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._going_since is None else left):
                    await changed.wait()

    def _change(self) -> None:
        """Whoever waits looks anew."""
        self._changed.set()
        self._changed = asyncio.Event()
