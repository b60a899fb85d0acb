"""Tells operators of credentials that were refused: what was wrong and how often, never what came.

One line at once, and then one in ten seconds at most with the count of all since. Nothing of a refused credential is
logged, not even its beginning: it may be the key of another service.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

logger = logging.getLogger(__name__)

EVERY_S = 10.0


class Refusals:
    """Made once a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._told_at = float("-inf")

    def note(self, why: str, address: str) -> None:
        """A credential was refused that came from `address`."""
        self._counts[why] += 1
        now = self._clock()
        if now - self._told_at < EVERY_S:
            return
        self._told_at = now
        said = ", ".join(f"{count} × {reason}" for reason, count in sorted(self._counts.items()))
        logger.warning("Refused credentials since the last such line: %s. The newest came from %s.", said, address)
        self._counts.clear()
